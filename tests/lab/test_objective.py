"""Objectives: which schedules they like, what is asked of them, and the even steps beside the choice."""

import pytest

from app.caching.codebook import Codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.methods.even_steps import EvenStepsConfig
from app.common.paths import RECORDINGS
from app.lab.calibrate import Wish, calibrate
from app.lab.objective import OBJECTIVES, usual_objective
from app.lab.prediction import predictor
from app.lab.prediction_fit import scale_for
from app.lab.recording import load_recording
from app.lab.rescale import rescaled
from app.lab.rival import even_rival, even_rivals
from app.lab.simulate import simulate

SHIPPED = [load_recording(path) for path in sorted(RECORDINGS.glob("*.json"))[:4]]
EVERY_STEP = Codebook((1.0,), (1,))


def test_the_picture_is_the_predicted_psnr_and_its_worst_decile_the_bad_end():
    loss = OBJECTIVES["picture"].loss(SHIPPED[0], "forecast")
    steps = EvenStepsConfig(10).steps(30)
    assert -loss(steps) == predictor(SHIPPED[0], scale_for("sprites")).db([steps], "forecast")[0]
    losses = [-float(db) for db in range(30, 41)]
    assert OBJECTIVES["picture"].over(losses) == -35.0
    assert OBJECTIVES["worst-picture"].over(losses) == -31.0
    assert usual_objective(SHIPPED).name == "picture"


def test_calibration_for_the_picture_beats_that_for_the_probe_in_it():
    method = AdaCacheConfig(EVERY_STEP)
    picture, probe = (
        calibrate(SHIPPED, method, speedup=2.5, objective=OBJECTIVES[n]) for n in ("picture", "probe")
    )

    def db(book: Codebook) -> float:
        computed = [simulate(r, AdaCacheConfig(book)).computed for r in SHIPPED]
        return sum(-OBJECTIVES["picture"].loss(r, "hold")(c) for r, c in zip(SHIPPED, computed, strict=True)) / 4

    assert db(picture.chosen.codebook) == pytest.approx(-picture.chosen.loss)
    assert db(picture.chosen.codebook) >= db(probe.chosen.codebook)
    wished = calibrate(SHIPPED, method, db=-picture.chosen.loss)
    assert wished.chosen.speedup >= picture.chosen.speedup
    with pytest.raises(ValueError, match="no codebook of the family reaches"):
        calibrate(SHIPPED, method, db=199)


def test_a_wish_fits_its_objective():
    picture, probe = OBJECTIVES["picture"], OBJECTIVES["probe"]
    for objective, wish, said in (
        (picture, {"error": 0.1}, "--objective probe"),
        (probe, {"db": 40.0}, "--objective picture"),
        (picture, {}, "either a speedup or a quality"),
    ):
        with pytest.raises(ValueError, match=said):
            Wish.of(objective, **wish)


def test_even_steps_are_named_beside_the_choice():
    found = calibrate(SHIPPED, AdaCacheConfig(EVERY_STEP), speedup=2.5)
    rivals = even_rivals(SHIPPED, "hold", OBJECTIVES["picture"])
    rival = even_rival(SHIPPED, found, "hold", OBJECTIVES["picture"])
    assert abs(rival.speedup - found.chosen.speedup) == min(abs(r.speedup - found.chosen.speedup) for r in rivals)
    assert "no better; even steps are enough" in rival.sentence(OBJECTIVES["picture"], rival.loss)
    assert "the codebook is better" in rival.sentence(OBJECTIVES["picture"], rival.loss - 1)


def test_rescaled_thresholds_compute_as_much_on_another_signal():
    book = Codebook((0.08, 0.16, 0.24, 1.0), (4, 3, 2, 1))
    before = AdaCacheConfig(book)
    after = AdaCacheConfig(book, residual="velocity-length", distance="l2")
    found = rescaled(SHIPPED, before, after)
    assert found.rates == book.rates
    ratios = {round(new / old, 2) for new, old in zip(found.thresholds, book.thresholds, strict=True)}
    assert max(ratios) - min(ratios) <= 0.01 * max(ratios) + 0.01

    def steps(method: AdaCacheConfig) -> float:
        return sum(len(simulate(recording, method).computed) for recording in SHIPPED) / len(SHIPPED)

    moved = AdaCacheConfig(found, residual="velocity-length", distance="l2")
    assert abs(steps(moved) - steps(before)) <= 0.5
