"""Calibration for a model: the wished steps are computed, motion fits, and a preset says how it was made."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest

from app.caching.codebook import Codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.motion import MotionRegularisation, default_window
from app.common.paths import RECORDINGS
from app.lab.model_calibration import (
    ModelCalibration,
    Target,
    calibrate_model,
    preset_name,
    preset_of,
    prompts_for,
    usual_target,
)
from app.lab.motion_fit import fitted_motion, settled_window
from app.lab.recording import Recording, load_recording
from app.lab.simulate import simulate
from app.models.registry import card

METHOD = AdaCacheConfig(Codebook((1.0,), (1,)))
SPRITES = card("sprites")
NOW = datetime(2026, 11, 29, 20, 15, 1)


@pytest.fixture(scope="module")
def recordings() -> list[Recording]:
    return [load_recording(path) for path in sorted(RECORDINGS.glob("*.json"))[:2]]


@pytest.fixture(scope="module")
def found(recordings: list[Recording]) -> ModelCalibration:
    busy = [replace(recording, reused_seconds=recording.computed_seconds) for recording in recordings]
    return calibrate_model(busy, SPRITES, METHOD, Target(computed=15))


def test_the_wished_steps_are_computed_whatever_was_measured_of_their_cost(
    found: ModelCalibration, recordings: list[Recording]
) -> None:
    assert sum(found.counts) / 2 == pytest.approx(15, abs=0.5)
    runs = [simulate(recording, replace(METHOD, codebook=found.codebook)) for recording in recordings]
    assert [len(run.computed) for run in runs] == list(found.counts)
    assert found.speedup == pytest.approx(1.0)  # a reused step cost as much as a computed one here
    assert (found.codebook.steps, found.codebook.models) == (30, ("sprites",))
    assert found.codebook.signal == "temporal-attn in l1"


def test_motion_computes_as_many_steps_on_average_and_is_the_codebooks(found: ModelCalibration) -> None:
    assert found.codebook.motion is not None
    assert sum(found.counts_with_motion) == pytest.approx(sum(found.counts), abs=2)
    assert found.codebook.motion.reference != SPRITES.motion.reference
    assert found.codebook.motion.power == SPRITES.motion.power


def test_published_constants_that_do_not_fit_are_replaced(recordings: list[Recording]) -> None:
    method = replace(METHOD, codebook=Codebook((0.04, 0.1, 1.0), (4, 2, 1)))
    plain = sum(len(simulate(recording, method).computed) for recording in recordings)

    def computed(motion: MotionRegularisation) -> int:
        return sum(len(simulate(recording, replace(method, motion=motion)).computed) for recording in recordings)

    published = MotionRegularisation()  # Open-Sora's: m / 0.385 to the power of 8
    fitted = fitted_motion(recordings, method, published)
    assert fitted is not None
    assert abs(computed(fitted) - plain) < abs(computed(published) - plain)


@pytest.mark.parametrize("typical", [[0.5, 0.4, 0.3], [0.5, 0.1, 0.9, 0.2, 0.8, 0.1]])
def test_motion_that_never_settles_has_the_released_window(typical: list[float]) -> None:
    window = settled_window(typical)
    assert window == default_window(len(typical)) or window[1] - window[0] + 1 >= 4


def test_the_preset_reads_back_and_says_how_it_was_made(
    found: ModelCalibration, recordings: list[Recording]
) -> None:
    value = json.loads(json.dumps(preset_of(found, SPRITES, recordings, NOW)))
    read = Codebook.from_json(value)
    assert read == found.codebook
    assert read.made_for() == found.codebook.made_for()
    assert value["title"] == "Sprites, 30 steps, 16 frames of 128 x 128, 2026-11-29: 15 computed"
    assert "Calibrated on 2 recordings, seed" in value["source"]
    assert "with motion regularisation, predicted 1.00x at" in value["source"]
    assert preset_name(SPRITES, recordings, NOW) == "sprites-30-steps-128x128x16-20261129-201501"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Target(), "either a number of computed steps or a speedup"),
        (lambda: Target(12, 2.0), "either a number of computed steps or a speedup"),
        (lambda: Target(speedup=0.5), "must be above 1, got 0.5"),
        (lambda: Target(computed=30).check(2, 30), "within 1 and 29.5, got 30"),
        (lambda: Target(computed=math.nan).check(2, 30), "must be a finite number, got nan"),
        (lambda: Target(computed=3).check(1, 30), "at least 2 recordings, got 1"),
        (lambda: prompts_for(SPRITES, ["one"]), "takes 2 to 24 prompts, one a line, got 1"),
    ],
)
def test_what_cannot_be_wished_is_said(make: Callable[[], object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()


def test_where_nothing_is_given_the_models_prompts_and_the_papers_share_are_taken() -> None:
    assert prompts_for(SPRITES) == SPRITES.example_prompts[:4]
    assert prompts_for(SPRITES, ["a", " a ", "", "b  c"]) == ("a", "b c")
    assert usual_target(30) == Target(computed=12)
