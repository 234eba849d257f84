"""The page of the Studio, served for a benchmark as app.py serves it."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from components.page import build


@contextmanager
def served(runs: Path) -> Iterator[str]:
    """The address of a running Studio that keeps its runs in a folder, for as long as the context lasts."""
    spec = spec_from_file_location("app_entry", Path(__file__).parents[1] / "app.py")  # `app` is the package
    assert spec
    assert spec.loader
    entry = module_from_spec(spec)
    spec.loader.exec_module(entry)
    demo = build(runs)
    try:
        yield entry.launch(demo, "127.0.0.1", None, wait=False)
    finally:
        demo.close()
