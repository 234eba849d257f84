"""The page of the Studio, served for a benchmark as app.py serves it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from components.page import build
from tests.support.entry import load_entry


@contextmanager
def served(runs: Path) -> Iterator[str]:
    """The address of a running Studio that keeps its runs in a folder, for as long as the context lasts."""
    demo = build(runs)
    try:
        yield load_entry().launch(demo, "127.0.0.1", None, wait=False)
    finally:
        demo.close()
