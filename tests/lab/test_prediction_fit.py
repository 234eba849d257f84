"""The fit of predictions: what is stated is held out, the shipped one keeps its bars."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import app.commands.predictions as command
from app.__main__ import main
from app.common.paths import RECORDINGS
from app.lab.pairs import Pair, schedules_of, spaced
from app.lab.prediction import PictureScale
from app.lab.prediction_fit import Table, fit_predictions, load_fit, scale_for, shipped_fit, spearman
from app.lab.prediction_plot import predicted_against_real
from app.lab.record import record
from app.lab.recording import load_recording
from app.lab.velocities import usual_reference
from tests.support.tiny import TinyVideoModel


def test_rank_correlation_by_hand() -> None:
    one = np.array([1.0, 2.0, 3.0, 4.0])
    assert spearman(one, one**3) == pytest.approx(1)
    assert spearman(one, -one) == pytest.approx(-1)
    assert spearman(one, np.array([1.0, 1.0, 2.0, 2.0])) == pytest.approx(0.8944, abs=1e-4)  # ties share a rank


def test_a_line_is_found_again() -> None:
    rng = np.random.default_rng(0)
    errors, octaves, extrapolated = rng.normal(size=40), rng.normal(size=40), np.repeat([0.0, 1.0], 20)
    table = Table(PictureScale(), errors, octaves, extrapolated, np.full(40, 35.0))
    real = 35 - 0.8 * errors + 3 * octaves + 1.5 * extrapolated
    scale = table.line(real, np.ones(40, bool))
    assert (scale.slope, scale.db_per_octave, scale.db_extrapolated) == pytest.approx((0.8, 3.0, 1.5))
    assert table.predicted(scale) == pytest.approx(real)


def test_spaced_schedules_begin_with_1_and_increase() -> None:
    for count in (2, 8, 10, 29):
        for power in (0.5, 0.8, 1.0, 1.4, 3.0):
            computed = spaced(30, count, power)
            assert computed[0] == 1
            assert len(computed) == count
            assert all(before < after <= 30 for before, after in pairwise(computed))


def test_the_shipped_fit_keeps_its_bars() -> None:
    fit = shipped_fit("sprites")
    assert fit is not None
    assert fit.prompts >= 12
    assert len(fit.pairs) >= 12 * 19
    reference = usual_reference(30)
    assert not [
        pair for pair in fit.pairs if (pair.computed, pair.reuse) == (reference, "hold")
    ]  # nothing to predict
    assert fit.correlation >= 0.9
    assert fit.mean_error_db <= 2.1  # 2.07; 1.92 in the first world, whose videos were more alike
    assert scale_for("sprites").uncertainty_db == pytest.approx(fit.mean_error_db)
    assert scale_for("no such model") == PictureScale()
    assert predicted_against_real(fit).count("<circle") == len(fit.pairs)


def test_what_is_stated_is_held_out() -> None:
    """A prompt of nonsense spoils what is stated of it, and not the predictions it had no part in."""
    recordings = [load_recording(path) for path in sorted(RECORDINGS.glob("*.json"))[:4]]
    shipped = shipped_fit("sprites")
    assert shipped is not None
    known = {(recording.prompt, recording.seed) for recording in recordings}
    pairs = [pair for pair in shipped.pairs if (pair.prompt, pair.seed) in known]
    fit = fit_predictions("sprites", "w", pairs, recordings)
    own = [pair for pair in pairs if pair.prompt == recordings[0].prompt]
    spoilt = [Pair(**{**vars(p), "real_db": 90.0}) if p in own else p for p in pairs]
    again = fit_predictions("sprites", "w", spoilt, recordings)
    of_first = [p.predicted_db for p in fit.pairs if p.prompt == recordings[0].prompt]
    assert of_first == [p.predicted_db for p in again.pairs if p.prompt == recordings[0].prompt]
    with pytest.raises(ValueError, match="at least 3 prompts, got 2"):
        fit_predictions("sprites", "w", [p for p in pairs if p.seed < 2], recordings[:2])


def test_the_command_measures_once_and_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = TinyVideoModel()
    monkeypatch.setattr(command, "load_model", lambda _: model)
    (tmp_path / "in").mkdir()
    for seed in range(3):
        record(model, f"prompt {seed}", seed=seed, steps=8, guidance=7.0).save(tmp_path / "in" / f"{seed}.json")
    given = ["predictions", "--recordings", str(tmp_path / "in"), "--out", str(tmp_path / "out")]
    assert main(given) == 0
    told = json.loads(capsys.readouterr().out)
    each = 2 * len(schedules_of(load_recording(tmp_path / "in" / "0.json"))) - 1  # the reference run is known
    assert (told["prompts"], told["pairs"]) == (3, 3 * each)
    assert load_fit(tmp_path / "out" / "tiny.json").prompts == 3
    rows = (tmp_path / "out" / "pairs.jsonl").read_text()
    monkeypatch.setattr(command, "generated", None)  # nothing is generated again
    assert main(given) == 0
    assert (tmp_path / "out" / "pairs.jsonl").read_text() == rows


def test_bad_input_of_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predictions", "--recordings", str(tmp_path), "--out", str(tmp_path)]) == 2
    assert "no recordings are there" in capsys.readouterr().err
    (tmp_path / "fit.json").write_text('{"pairs": []}')
    with pytest.raises(ValueError, match=r"fit.json: not a fit of predictions"):
        load_fit(tmp_path / "fit.json")
