"""app.py as a module: `import app` finds the package of that name."""

from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

from tests.support.paths import ROOT


def load_entry() -> Any:
    """Import app.py anew; its `launch` serves a page as `python app.py` does."""
    spec = spec_from_file_location("app_entry", ROOT / "app.py")
    assert spec
    assert spec.loader
    entry = module_from_spec(spec)
    spec.loader.exec_module(entry)
    return entry
