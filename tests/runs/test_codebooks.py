"""Calibrated codebooks on disk: each visitor's own, whole or not there, deleted for an hour, a share of room."""

from pathlib import Path

import pytest

from app.runs import codebooks, kept_files
from app.runs.codebooks import CodebookStore
from app.runs.room import Share

PRESET = {
    "title": "Made here",
    "source": "A test",
    "steps": 30,
    "models": ["tiny"],
    "codebook": {"0.1": 2, "1": 1},
}
ONE, OTHER = "1" * 32, "2" * 32


@pytest.fixture
def shared(tmp_path: Path) -> CodebookStore:
    return CodebookStore(tmp_path / "codebooks", public=True)


def test_a_codebook_is_found_again_by_a_new_server(tmp_path: Path) -> None:
    kept = CodebookStore(tmp_path).add("made", PRESET)
    (found,) = CodebookStore(tmp_path).presets()
    assert found == kept
    assert (found.id, found.title, found.codebook.steps, found.codebook.models) == (
        "made",
        "Made here",
        30,
        ("tiny",),
    )
    assert CodebookStore(tmp_path).add("made", PRESET).id == "made-2"  # in the same second


def test_visitors_of_a_shared_server_see_their_own(shared: CodebookStore) -> None:
    shared.add("made", PRESET, ONE)
    assert [preset.id for preset in shared.presets(ONE)] == ["made"]
    assert shared.presets(OTHER) == shared.presets("") == []
    with pytest.raises(ValueError, match="no longer there"):
        shared.delete("made", OTHER)
    with pytest.raises(ValueError, match="does not fit this server"):
        shared.add("made", PRESET)


def test_what_was_deleted_can_be_had_back_for_an_hour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = CodebookStore(tmp_path)
    store.add("made", PRESET)
    store.delete("made")
    assert store.presets() == []
    store.restore("made")
    assert [preset.id for preset in store.presets()] == ["made"]
    store.delete("made")
    monkeypatch.setattr(kept_files, "UNDO_SECONDS", -1.0)
    with pytest.raises(ValueError, match="can no longer be restored"):
        store.restore("made")


@pytest.mark.parametrize("name", ["../made", "", None, ".deleted-made"])
def test_names_from_browsers_lead_nowhere_else(tmp_path: Path, name: object) -> None:
    (tmp_path / "made.json").write_text("{}")
    with pytest.raises(ValueError, match="no longer there"):
        CodebookStore(tmp_path / "codebooks").delete(name)


def test_a_broken_file_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = CodebookStore(tmp_path)
    store.add("made", PRESET)
    (tmp_path / "torn.json").write_text('{"title": "torn", "codebook": {"0.1"')
    (tmp_path / "odd.json").write_text('{"title": 3, "source": "", "codebook": {"0.1": 2}}')
    assert [preset.id for preset in store.presets()] == ["made"]
    assert "torn.json" in caplog.text
    assert "the title of a codebook must be text, got 3" in caplog.text


def test_a_visitors_oldest_makes_room_and_nobody_elses(
    shared: CodebookStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codebooks, "OWN", Share(2, 1_000_000))
    shared.add("theirs", PRESET, OTHER)
    for name in ("first", "second", "third"):
        shared.add(name, PRESET, ONE)
    assert {preset.id for preset in shared.presets(ONE)} == {"second", "third"}
    assert [preset.id for preset in shared.presets(OTHER)] == ["theirs"]
    monkeypatch.setattr(codebooks, "EVERYBODY", Share(0, 0))
    with pytest.raises(ValueError, match="no room for another codebook"):
        shared.add("fourth", PRESET, ONE)
