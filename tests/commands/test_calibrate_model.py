"""python -m app calibrate-model and codebooks: a codebook is made once, listed, used by its name, deleted."""

from pathlib import Path

import pytest

from app.__main__ import main
from app.commands import calibrate_model as command
from app.models import registry
from tests.support.tiny import CARD, TinyVideoModel


def test_a_codebook_is_made_listed_and_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = TinyVideoModel()
    monkeypatch.setattr(command, "load_model", lambda *_: model)
    monkeypatch.setitem(registry.CARDS, "tiny", CARD)
    prompts, runs = tmp_path / "prompts.txt", tmp_path / "runs"
    prompts.write_text("a\ntwo words\n")
    asked = ["calibrate-model", "--model", "tiny", "--runs", str(runs), "--steps", "8"]
    assert main(asked) == 2  # one example prompt is too few
    assert "2 to 24 prompts, one a line, got 1" in capsys.readouterr().err
    asked += ["--prompts", str(prompts)]
    assert main([*asked, "--computed", "9"]) == 2
    assert "must be within 1 and 7.5, got 9" in capsys.readouterr().err
    assert not runs.exists()

    assert main([*asked, "--computed", "6"]) == 0
    said = capsys.readouterr().out
    (kept,) = (runs / "codebooks").glob("*.json")
    assert f"--codebook {kept}" in said
    assert len(list((runs / "recordings").glob("*.json"))) == 2
    monkeypatch.setattr(model, "denoise_step", None)  # the recordings are there already
    assert main([*asked, "--computed", "6.5"]) == 0
    assert len(list((runs / "codebooks").glob("*.json"))) == 2

    capsys.readouterr()
    assert main(["codebooks", "--runs", str(runs)]) == 0
    listed = capsys.readouterr().out
    assert listed.index("Tiny, 8 steps") < listed.index("fast: Paper fast")
    assert "For tiny at 8 steps. Calibrated on 2 recordings, seed 0" in listed
    assert main(["codebooks", "--runs", str(runs), "--delete", kept.stem]) == 0
    assert not kept.exists()
    assert main(["codebooks", "--runs", str(runs), "--restore", kept.stem]) == 0
    assert kept.exists()
