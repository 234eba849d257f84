"""The Lab's commands on a tiny model: record, simulate, check, calibrate, and what they say of bad input."""

import json
from pathlib import Path

import pytest

import app.commands.lab as commands
from app.__main__ import main
from app.models import registry
from tests.support.tiny import CARD, TinyVideoModel


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    model = TinyVideoModel()
    monkeypatch.setattr(commands, "load_model", lambda _: model)
    monkeypatch.setitem(registry.CARDS, "tiny", CARD)


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    path = tmp_path / "new" / "run.json"
    assert main(["record", "--model", "tiny", "--prompt", "a test", "--steps", "8", "--out", str(path)]) == 0
    return path


def test_simulate_prints_one_json_line(recorded: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["simulate", str(recorded), "--codebook", "fast", "--check"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["computed_steps"][:2] == [1, 2]
    assert len(answer["rates"]) == len(answer["computed_steps"])
    assert answer["predicted_speedup"] > 0
    real = answer["check"]["real_computed_steps"]
    assert answer["check"]["difference_in_computed_steps"] == len(real) - len(answer["computed_steps"])


def test_calibrate_writes_a_codebook_that_generate_reads(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("a\n\ntwo words\nthree short words\na\n")
    out, folder = tmp_path / "book.json", tmp_path / "recordings"
    arguments = ["calibrate", "--model", "tiny", "--speedup", "1.5", "--prompts", str(prompts), "--out", str(out)]
    assert main([*arguments, "--recordings", str(folder)]) == 0
    assert "on held-out prompts" in capsys.readouterr().out
    written = json.loads(out.read_text())
    assert written["calibration"]["prompts"] == ["a", "two words", "three short words"]
    assert len(list(folder.iterdir())) == 3
    assert main([*arguments, "--recordings", str(folder)]) == 0  # nothing is recorded twice
    assert json.loads(out.read_text())["codebook"] == written["codebook"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("simulate", "missing.json"), "missing.json: No such file"),
        (
            ("record", "--model", "tiny", "--prompt", "x", "--steps", "999", "--out", "o.json"),
            "2 to 100 steps, got 999",
        ),
        (("record", "--model", "tiny", "--prompt", "gibberish", "--out", "o.json"), "no known word"),
        (("calibrate", "--model", "tiny", "--prompts", "none.txt", "--out", "o.json"), "none.txt: No such file"),
    ],
)
def test_bad_input(arguments: tuple[str, ...], said: str, tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(list(arguments)) == 2
    assert said in capsys.readouterr().err.strip().splitlines()[-1]
    assert not list(tmp_path.iterdir())
