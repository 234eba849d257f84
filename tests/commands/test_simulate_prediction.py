"""python -m app simulate predicts the picture where a recording keeps velocities, and is silent elsewhere."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from app.__main__ import main
from app.lab.record import record
from app.models import registry
from tests.support.tiny import CARD, TinyVideoModel


def test_a_recording_with_velocities_predicts_decibels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry.CARDS, "tiny", CARD)
    made = record(TinyVideoModel(), "a test", seed=0, steps=12, guidance=7.0)
    made.save(tmp_path / "new.json")
    replace(made, velocities=None).save(tmp_path / "old.json")
    answers = []
    for name in ("new", "old"):
        assert main(["simulate", str(tmp_path / f"{name}.json"), "--codebook", "fast"]) == 0
        answers.append(json.loads(capsys.readouterr().out))
    assert 0 < answers[0]["predicted_psnr_db"] < 200
    assert "predicted_psnr_db" not in answers[1]
    assert answers[0]["computed_steps"] == answers[1]["computed_steps"]
