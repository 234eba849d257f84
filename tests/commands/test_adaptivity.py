"""The adaptivity command on a tiny model: one JSON line, nothing generated twice, clear errors."""

import json
from argparse import ArgumentParser
from pathlib import Path

import pytest

import app.commands.adaptivity as command
from app.__main__ import main
from app.caching.schedule_file import ScheduleFile
from app.commands.options import add_method_options, method_from
from app.models import registry
from tests.support.tiny import CARD, TinyVideoModel


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    model = TinyVideoModel()
    monkeypatch.setattr(command, "load_model", lambda _: model)
    monkeypatch.setitem(registry.CARDS, "tiny", CARD)


def test_marks_at_one_budget(tmp_path: Path, monkeypatch, capsys):
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("a\ntwo words\n")
    arguments = [
        "adaptivity",
        "--model",
        "tiny",
        "--prompts",
        str(prompts),
        "--budget",
        "3",
        "--reuse",
        "forecast",
    ]
    assert main([*arguments, "--out", str(tmp_path / "out")]) == 0
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (answer["budget"], answer["reuse"], answer["videos"]) == (3, "forecast", 2)
    assert answer["even"]["computed_steps"] == answer["shared"]["computed_steps"] == 3
    assert answer["own"]["computed_steps"] <= 3
    assert answer["own"]["worst_decile_db"] >= answer["even"]["worst_decile_db"] - 1e-9
    monkeypatch.setattr(command.Generating, "do", lambda *_: pytest.fail("generated again"))
    assert main([*arguments, "--out", str(tmp_path / "out")]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == answer
    kept = json.loads((tmp_path / "out" / "adaptivity.json").read_text())
    assert kept["shared_schedule"][0] == 1
    assert len(kept["shared_schedule"]) == 3


def test_how_many_steps_a_codebook_gives_is_told_from_where_it_puts_them():
    easy = {
        "even-2": (2, 40.0),
        "even-3": (3, 44.0),
        "even-4": (4, 46.0),
        "shared": (3, 43.0),
        "codebook": (2, 38.0),
    }
    hard = {
        "even-2": (2, 20.0),
        "even-3": (3, 30.0),
        "even-4": (4, 41.0),
        "shared": (3, 29.0),
        "codebook": (4, 33.0),
    }
    marks = command.marks_of([{"made": easy}, {"made": hard}], 3)
    assert marks["codebook"].db == (38.0, 33.0)
    assert marks["codebook_spread_evenly"].db == (40.0, 41.0)
    assert marks["even_at_its_mean"].db == (44.0, 30.0)
    assert marks["own"].computed_steps == (2, 4)
    beyond = command.marks_of([{"made": easy}, {"made": {**hard, "codebook": (6, 45.0)}}], 3)
    assert "codebook_spread_evenly" not in beyond
    assert command.correlation((2, 4), (2, 4)) == 1.0
    assert command.correlation((6, 7, 16), (5, 14, 20)) == 1.0
    assert command.correlation((3, 3), (2, 4)) is None


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--budget", "1"), "2 to 29 computed steps of Tiny, got 1"),
        (("--budget", "30"), "2 to 29 computed steps of Tiny, got 30"),
        (("--budget", "5", "--seeds", "x"), "--seeds needs whole numbers"),
        (("--budget", "5", "--residual", "velocity", "--motion"), "velocity has no motion"),
    ],
)
def test_bad_input(more: tuple[str, ...], said: str, tmp_path: Path, capsys):
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("a\n")
    out = tmp_path / "out"
    assert main(["adaptivity", "--model", "tiny", "--prompts", str(prompts), "--out", str(out), *more]) == 2
    assert said in capsys.readouterr().err.strip().splitlines()[-1]
    assert not out.exists()


def test_a_schedule_of_the_lab_is_a_method(tmp_path: Path):
    path = tmp_path / "schedule.json"
    kept = ScheduleFile(30, (1, 4, 9), "forecast", "tiny")
    path.write_text(json.dumps(kept.to_json()))
    parser = ArgumentParser()
    add_method_options(parser)
    assert method_from(parser.parse_args(["--schedule", str(path)]), CARD) == kept.method
    with pytest.raises(ValueError, match="goes without --method and --codebook"):
        method_from(parser.parse_args(["--schedule", str(path), "--method", "pab-fast"]), CARD)
