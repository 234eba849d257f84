"""The Lab's commands on a tiny model: record, simulate, check, calibrate, and what they say of bad input."""

import json
from pathlib import Path

import pytest

import app.commands.calibrate
import app.commands.lab
from app.__main__ import main
from app.lab import folder
from app.lab.record import record
from app.lab.recording import load_recording
from app.models import registry
from tests.support.tiny import CARD, TinyVideoModel


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    model = TinyVideoModel()
    for command in (app.commands.lab, app.commands.calibrate):
        monkeypatch.setattr(command, "load_model", lambda _: model)
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


CALIBRATE = ("calibrate", "--model", "tiny", "--prompts", "prompts.txt", "--out", "new/book.json")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--speedup", "2", "--error", "1"), "either a speedup or a quality"),
        (("--speedup", "0.9"), "above 1, got 0.9"),
        (("--speedup", "nan"), "finite number, got nan"),
        (("--speedup", "40"), "30 steps allow at most 30x, the wished speedup is 40"),
        (("--speedup", "2", "--steps", "101"), "2 to 100 steps, got 101"),
        (("--error", "0"), "must be positive, got 0"),
        (("--speedup", "2", "--locations", "9"), "block 9 does not exist"),
        (("--speedup", "2", "--out", "."), ". is a folder"),
        (("--speedup", "2", "--out", "prompts.txt/book.json"), "prompts.txt: File exists"),
    ],
)
def test_calibrate_checks_before_it_records(arguments, said: str, tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(folder, "record", lambda *_, **__: pytest.fail("recorded before it was checked"))
    Path("prompts.txt").write_text("a\ntwo words\n")
    assert main([*CALIBRATE, *arguments]) == 2
    assert said in capsys.readouterr().err.strip().splitlines()[-1]


def test_calibrate_checks_every_prompt_before_it_records_one(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("prompts.txt").write_text("a\ngibberish\n")
    assert main([*CALIBRATE, "--speedup", "2"]) == 2
    assert "no known word" in capsys.readouterr().err
    assert not list(tmp_path.rglob("*.json"))


def test_calibrate_goes_on_with_what_was_recorded_before_it_broke_off(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("prompts.txt").write_text("a\ntwo words\nthree short words\n")
    made: list[str] = []

    def breaking(model, prompt, **settings):
        if len(made) == 2:
            made.append("broken")
            raise KeyboardInterrupt
        made.append(prompt)
        return record(model, prompt, **settings)

    monkeypatch.setattr(folder, "record", breaking)
    wish = ("--speedup", "2", "--steps", "10")
    assert main([*CALIBRATE, *wish]) == 130
    assert main([*CALIBRATE, *wish]) == 0
    assert made == ["a", "two words", "broken", "three short words"]
    written = json.loads(Path("new/book.json").read_text())
    assert (written["steps"], written["models"]) == (10, ["tiny"])
    assert "step" in capsys.readouterr().err  # the progress bar


def test_a_recording_of_another_wish_is_never_overwritten(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for prompts in ("a\ntwo words\n", "three short words\nfour words they are\n"):
        Path("prompts.txt").write_text(prompts)
        assert main([*CALIBRATE, "--speedup", "2", "--steps", "10", "--recordings", "kept"]) == 0
    assert len(list(Path("kept").iterdir())) == 4


def test_simulate_says_when_the_codebook_is_of_another_number_of_steps(recorded: Path, capsys):
    assert main(["simulate", str(recorded), "--codebook", "fast-100"]) == 0
    assert "made for 100 steps of Open-Sora 1.2, this run has 8 and is of Tiny" in capsys.readouterr().err
    assert main(["simulate", str(recorded), "--codebook", "fast-100", "--made-for", "any-steps"]) == 0
    assert "made for Open-Sora 1.2, this run is of Tiny" in capsys.readouterr().err


def test_simulate_predicts_schedules_known_before_the_run(recorded: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["simulate", str(recorded), "--method", "fixed-interval-3+forecast"]) == 0
    told = json.loads(capsys.readouterr().out)
    steps = load_recording(recorded).steps
    assert told["computed_steps"] == list(range(1, steps + 1, 3))
    assert told["predicted_psnr_db"] > 0
    for method, said in (
        ("teacache-0.1", "decides while it runs"),
        ("fewer-steps-4", "has no schedule of whole steps"),
        ("even-3 --check", "--check and --codebook are for AdaCache"),
    ):
        assert main(["simulate", str(recorded), "--method", *method.split()]) == 2
        assert said in capsys.readouterr().err
