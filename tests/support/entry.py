"""app.py as a module: `import app` finds the package of that name."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any


def load_entry() -> Any:
    """Import app.py anew; its `launch` serves a page as `python app.py` does."""
    spec = spec_from_file_location("app_entry", Path(__file__).parents[1] / "app.py")
    assert spec
    assert spec.loader
    entry = module_from_spec(spec)
    spec.loader.exec_module(entry)
    return entry
