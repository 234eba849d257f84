"""What ships is as new as the weights: the record tells, and the command makes what is stale."""

import shutil
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.__main__ import Parser, commands_for
from app.common.paths import RECORDINGS, ROOT, SPRITES
from app.lab.recording import load_recording
from app.models.sprites.card import CARD
from app.training import gallery, recordings, shipped
from app.training.made import WEIGHTS, drop_others, mark, stale
from app.training.recordings import PROMPTS
from app.training.shipped import ARTEFACTS, Artefact, make
from tests.support.pictures import NAME, PICTURES

EVERYTHING = [*(artefact.name for artefact in ARTEFACTS), NAME]


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    for name in WEIGHTS:
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


def test_nothing_that_ships_is_older_than_the_weights():
    assert stale(EVERYTHING) == {}


def test_files_of_the_artefacts_are_there():
    for artefact in ARTEFACTS:
        for _, target in artefact.copies:
            assert (ROOT / target).is_file()
    for picture in PICTURES:
        assert (ROOT / "docs" / f"{picture.name}.png").is_file()


def test_other_weights_make_everything_stale(tmp_path: Path):
    shutil.copytree(SPRITES, tmp_path / "sprites")
    with (tmp_path / "sprites" / "vae.safetensors").open("ab") as file:
        file.write(b"\0")
    assert stale(EVERYTHING, tmp_path / "sprites") == dict.fromkeys(
        EVERYTHING, "made with another vae.safetensors"
    )


def test_a_thing_is_stale_until_it_is_made(weights: Path):
    assert stale(["a", "b"], weights) == {"a": "never made", "b": "never made"}
    mark("a", weights)
    assert stale(["a", "b"], weights) == {"b": "never made"}
    (weights / WEIGHTS[0]).write_bytes(b"trained further")
    assert stale(["a"], weights) == {"a": f"made with another {WEIGHTS[0]}"}
    mark("a", weights)
    assert stale(["a"], weights) == {}


def test_an_artefact_runs_its_commands_and_puts_its_files_in_place(tmp_path: Path):
    (tmp_path / "docs").mkdir()
    one = Artefact("one", ("zipfile --create {work}/made.zip Makefile",), (("made.zip", "docs/one.zip"),))
    (tmp_path / "Makefile").write_text("all:\n")
    make(one, tmp_path / "work", 1, tmp_path)
    assert (tmp_path / "docs" / "one.zip").read_bytes()[:2] == b"PK"


@pytest.mark.parametrize("artefact", ARTEFACTS, ids=lambda artefact: artefact.name)
def test_its_commands_take_the_words_they_are_given(artefact: Artefact, tmp_path: Path):
    parser = Parser()
    commands = parser.add_subparsers(parser_class=Parser)
    for command in commands_for(""):
        command.add_parser(commands)
    for module, *words in (command.format(work=tmp_path, workers=1).split() for command in artefact.commands):
        if module == "app":
            parser.parse_args(words)
        else:
            assert callable(import_module(module).main)


def test_what_an_earlier_command_left_is_removed_and_nothing_else(tmp_path: Path):
    for name in ("01-dog.json", "01-cat.json", "01-cat.mp4"):
        (tmp_path / name).touch()
    drop_others(tmp_path, ".json", ["01-dog"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["01-cat.mp4", "01-dog.json"]


def test_recordings_made_anew_are_the_only_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    recording = load_recording(RECORDINGS / f"{next(iter(PROMPTS))}.json")
    monkeypatch.setattr(recordings, "record", lambda *_, **__: recording)
    monkeypatch.setattr(recordings, "load_model", lambda _: SimpleNamespace(card=CARD))
    monkeypatch.setattr(recordings, "RECORDINGS", tmp_path)
    monkeypatch.setattr("sys.argv", ["recordings"])
    (tmp_path / "00-of-earlier-weights.json").write_text("{}")
    recordings.main()
    assert {path.stem for path in tmp_path.glob("*.json")} == set(PROMPTS)


def test_a_gallery_made_anew_has_no_clip_of_an_earlier_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    name = next(iter(PROMPTS))
    for clip in (name, "00-of-an-earlier-recording"):
        (tmp_path / f"{clip}.mp4").touch()
    monkeypatch.setattr(gallery, "load_model", lambda _: None)
    monkeypatch.setattr(gallery, "make_gallery", lambda *_: None)
    monkeypatch.setattr(gallery, "GALLERY", tmp_path)
    monkeypatch.setattr("sys.argv", ["gallery"])
    gallery.main()
    assert [path.stem for path in tmp_path.iterdir()] == [name]


def test_what_was_not_asked_for_is_not_said_to_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    for name in ("make", "mark"):
        monkeypatch.setattr(shipped, name, lambda *_: None)
    monkeypatch.setattr(shipped, "stale", lambda _: {"study": "never made"})
    monkeypatch.setattr("sys.argv", ["shipped", "--work", str(tmp_path), "--only", "gallery"])
    shipped.main()
    said = capsys.readouterr().out.splitlines()
    assert "gallery: asked for" in said
    assert "study: left alone, not asked for" in said
    assert "codebooks: left alone, fits the weights" in said
