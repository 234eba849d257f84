"""Recordings of the Lab on a shared server: everyone's own, in a share of the disk, deleted with undo."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from app.common.paths import RECORDINGS
from app.lab.recording import Recording, load_recording
from app.runs.room import Share
from components.lab import recordings as module
from components.lab.recordings import Library

ADA, BOB = "a" * 32, "b" * 32
SHIPPED = sorted(RECORDINGS.glob("*.json"))[0]


@pytest.fixture(scope="module")
def recording() -> Recording:
    return replace(load_recording(SHIPPED), prompt="a secret plan")


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "shipped", tmp_path / "kept", public=True)


def prompts(library: Library, visitor: str) -> list[str]:
    return [entry["prompt"] for entry in library.listing(visitor)]


def test_a_recording_is_its_visitors_alone_also_after_a_restart(library: Library, recording: Recording) -> None:
    name = library.add(recording, ADA)
    again = Library(library.shipped, library.kept, public=True)
    for one in (library, again):
        assert prompts(one, ADA) == ["a secret plan"]
        assert one.get(name, ADA) == recording
        for other in (BOB, ""):
            assert prompts(one, other) == []
            for act in (one.get, one.delete, one.restore):
                with pytest.raises(ValueError, match=r"no longer|reload it"):
                    act(name, other)
    with pytest.raises(ValueError, match="does not fit this server"):
        library.add(recording, "")


def test_deleting_can_be_undone_and_what_ships_stays(library: Library, recording: Recording) -> None:
    name = library.add(recording, ADA)
    library.delete(name, ADA)
    assert prompts(library, ADA) == []
    library.restore(name, ADA)
    assert library.get(name, ADA) == recording
    shipped = Library(RECORDINGS, library.kept, public=True)
    with pytest.raises(ValueError, match="ships with the Studio"):
        shipped.delete(SHIPPED.stem, ADA)
    for odd in ("../x", "..", "", None, 7, "x" * 100):
        with pytest.raises(ValueError, match="no longer"):
            library.restore(odd, ADA)


def test_ones_own_oldest_makes_room_and_others_keep_theirs(
    library: Library, recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "OWN", Share(2, 10**9))
    monkeypatch.setattr(module, "EVERYBODY", Share(3, 10**9))
    library.add(recording, ADA)
    for seed in range(4):
        library.add(replace(recording, seed=seed), BOB)
    assert sorted(entry["seed"] for entry in library.listing(BOB)) == [2, 3]
    assert prompts(library, ADA) == ["a secret plan"]
    with pytest.raises(ValueError, match="no room for another recording") as full:
        library.add(replace(recording, seed=9), "c" * 32)
    assert str(full.value) == (
        "this server has no room for another recording at the moment; delete some, or try again later"
    )
    assert library.listing("c" * 32) == []


def test_fields_are_bounded(library: Library, recording: Recording) -> None:
    for change in ({"prompt": "x" * 700_000}, {"model": "x" * 300}, {"prompt": "\ud800"}, {"seed": 2**53}):
        value = json.loads(json.dumps(recording.to_json())) | change
        with pytest.raises(ValueError, match=r"^[^\n]{1,240}$"):
            library.upload({"text": json.dumps(value)}, ADA)


def test_few_recordings_are_held_in_memory(
    library: Library, recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PARSED", 3)
    names = [library.add(replace(recording, seed=seed), ADA) for seed in range(6)]
    assert [library.get(name, ADA).seed for name in names] == list(range(6))
    assert len(library._parsed) == 3
