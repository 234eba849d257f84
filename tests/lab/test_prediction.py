"""Predicted picture: exact for linear models, no error where nothing is reused, refused where it cannot be."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

from app.lab.prediction import PictureScale, Predictor, neighbours, octaves, predictor
from app.lab.record import record
from app.lab.recording import Recording
from app.lab.velocities import VelocityRecorder, velocity_recording
from tests.support.tiny import TinyVideoModel

STEPS = 10
TIMESTEPS = tuple(1000.0 * (1 - (step / STEPS) ** 1.3) for step in range(STEPS))
LENGTHS = -np.diff((*TIMESTEPS, 0.0)) / 1000
DAMPING = -0.8
GROWING = np.array([1.0, 2.0, 0.0, -1.0, 0.5]) / 2.5  # errors along this direction grow, others are damped
SCHEDULES = [(1, 2, 4, 7, 10), tuple(range(1, 11, 2)), (1, 3, 4, 8), (1, 6)]


@pytest.fixture(scope="module")
def recording() -> Recording:
    return record(TinyVideoModel(), "a test", seed=1, steps=STEPS, guidance=7.0)


def answer(latent: np.ndarray, growth: float) -> np.ndarray:
    along = GROWING * (GROWING @ latent) / (GROWING @ GROWING)
    return growth * along + DAMPING * (latent - along)


def pull(step: int, growth: float) -> np.ndarray:
    """What the model wants regardless of the latent; where errors grow, all of them lie along that direction."""
    if growth != DAMPING:
        return step**1.5 / 3 * GROWING
    return np.array([step, 1.0, -step * 0.3, step**1.5, 2.0]) / 3


def denoised(computed: tuple[int, ...], reuse: str, growth: float) -> tuple[np.ndarray, VelocityRecorder]:
    """A run of a linear model: the finished latent, and what a recorder sees."""
    latent, recorder = np.zeros(5), VelocityRecorder.of(TIMESTEPS)
    kept: list[tuple[float, np.ndarray]] = []
    for step in range(1, STEPS + 1):
        t = TIMESTEPS[step - 1]
        if step in computed:
            velocity = pull(step, growth) + answer(latent, growth)
            kept = [(t, velocity), *kept[:2]]
        else:
            velocity = kept[0][1]
            if reuse != "hold" and len(kept) > 1:
                slope = (kept[0][1] - kept[1][1]) / (kept[0][0] - kept[1][0])
                velocity = velocity + slope * (t - kept[0][0])
            if reuse == "forecast-2" and len(kept) > 2:
                before = (kept[1][1] - kept[2][1]) / (kept[1][0] - kept[2][0])
                velocity = velocity + (slope - before) / (kept[0][0] - kept[1][0]) * (t - kept[0][0]) ** 2 / 2
        after = latent + velocity * LENGTHS[step - 1]
        sides = (torch.tensor(x) for x in (latent, after, latent + velocity * t / 1000))
        recorder.observe(*sides)
        latent = after
    return latent, recorder


@pytest.mark.parametrize("reuse", ["hold", "forecast", "forecast-2"])
@pytest.mark.parametrize("growth", [DAMPING, 3.0])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_exact_for_a_linear_model(recording: Recording, reuse, growth, schedule):
    every = tuple(range(1, STEPS + 1))
    baseline, watched = denoised(every, "hold", growth)
    _, reference = denoised(every[::3], "hold", growth)
    velocities = velocity_recording(watched, reference, 5, 1.0, 40.0)
    real = np.linalg.norm(denoised(schedule, reuse, growth)[0] - baseline)
    linear = replace(recording, timesteps=TIMESTEPS, velocities=velocities)
    found = Predictor(linear, PictureScale(early=DAMPING, late=DAMPING)).errors([schedule], reuse)
    assert found == pytest.approx([real], rel=1e-3)


def test_computing_everything_predicts_no_error(recording: Recording):
    found = predictor(recording, PictureScale())
    assert found.errors([range(1, STEPS + 1)], "forecast") == pytest.approx([0.0], abs=1e-6)


def test_the_reference_run_has_its_measured_quality(recording: Recording):
    assert recording.velocities is not None
    found = predictor(recording, PictureScale(slope=0.7, db_per_octave=3.0))
    assert found.db([range(1, STEPS + 1, 3)], "hold") == pytest.approx([recording.velocities.reference_db])


def test_a_scale_adds_to_the_reference(recording: Recording):
    """Twice the reference run's computed steps, forecast: the slope, one octave and the extrapolation."""
    assert recording.velocities is not None
    schedule = (1, 2, 3, 4, 6, 7, 9, 10)  # the reference run computes 1, 4, 7 and 10
    found = predictor(recording, PictureScale(slope=0.5, db_per_octave=3.0, db_extrapolated=2.0))
    less = found.errors_db([schedule], "forecast")[0] - found.reference_error_db
    expected = recording.velocities.reference_db - 0.5 * less + 3.0 + 2.0
    assert found.db([schedule], "forecast") == pytest.approx([expected])
    assert octaves(schedule, recording) == 1.0


def test_worth_of_a_step_is_its_gain(recording: Recording):
    worth = predictor(recording, PictureScale(early=0.0, late=0.0)).worth()
    assert worth.shape == (STEPS,)
    assert worth[0] == 0
    assert worth[-1] == pytest.approx(1.0)  # nothing follows the last step


def test_neighbours_share_by_distance():
    assert neighbours((4, 7), 2) == [(4, 1.0)]
    assert neighbours((4, 7), 7) == [(7, 1.0)]
    assert [near for near, _ in neighbours((4, 7), 5)] == [4, 7]
    assert [share for _, share in neighbours((4, 7), 5)] == pytest.approx([2 / 3, 1 / 3])
    assert neighbours((4, 7), 9) == [(7, 1.0)]
    assert neighbours((), 3) == []


def test_older_recordings_say_what_they_cannot_answer(recording: Recording):
    with pytest.raises(ValueError, match="keeps no velocities"):
        predictor(replace(recording, velocities=None), PictureScale())


@pytest.mark.parametrize("schedule", [(), (2, 4), (1, 3, 3), (1, 11), (1, 5, 4)])
def test_schedules_that_do_not_fit_are_refused(recording: Recording, schedule):
    with pytest.raises(ValueError, match="schedule"):
        predictor(recording, PictureScale()).errors([schedule], "hold")


def test_more_computed_steps_never_hurt_a_damped_hold(recording: Recording):
    found = predictor(recording, PictureScale())
    errors = found.errors([range(1, STEPS + 1, interval) for interval in (1, 2, 3)], "hold")
    assert all(less <= more for less, more in itertools.pairwise(errors))
