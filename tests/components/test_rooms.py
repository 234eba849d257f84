"""A room of the page is one folder of components/ and one of assets/web/: nothing else names it."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import components
from components import rooms as finding
from components.page import build
from tests.support.tiny import CARD, TinyVideoModel

GARDEN = '''
"""A made-up room."""

import gradio as gr

from components.rooms import Page, Room


def build(page: Page) -> gr.HTML:
    """One panel that counts the models."""
    return gr.HTML(f"{len(page.cards)} models", elem_id="garden-panel")


ROOM = Room("garden", "Garden", 99, build)
'''


@pytest.fixture
def garden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    folder = tmp_path / "more" / "garden"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "room.py").write_text(GARDEN)
    monkeypatch.setattr(components, "__path__", [*components.__path__, str(folder.parent)])
    finding.rooms.cache_clear()
    yield
    finding.rooms.cache_clear()
    for name in ("components.garden", "components.garden.room"):
        sys.modules.pop(name, None)


@pytest.mark.usefixtures("garden")
def test_a_made_up_room_is_on_the_page(tmp_path: Path) -> None:
    assert [room.id for room in finding.rooms()][-1] == "garden"
    page = build(tmp_path / "runs", {"tiny": CARD}, lambda _: TinyVideoModel(), tmp_path / "none", tmp_path)
    try:
        ids = {getattr(block, "elem_id", None) for block in page.blocks.values()}
        assert {"garden", "garden-panel"} <= ids
        props = [getattr(block, "props", {}) for block in page.blocks.values()]
        assert any({"id": "garden", "title": "Garden"} in given.get("rooms", []) for given in props)
    finally:
        page.close()


def test_the_shipped_rooms_have_a_style_each() -> None:
    assert [room.id for room in finding.rooms()] == ["studio", "lab", "compare", "runs", "study"]
    assert all(room.styles for room in finding.rooms())
