"""Latent signals: their numbers by hand, their steps over a real run, and the settings they go without."""

from dataclasses import replace

import pytest
import torch

from app.caching.codebook import Codebook
from app.caching.latent_signals import LATENT_SIGNALS, LatentSignal, LatentSignalProbe
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.methods.adacache_policy import AdaCache
from app.caching.motion import MotionRegularisation
from app.generation.denoiser import Denoiser
from app.lab.check import check
from app.lab.latent_signals import NEEDED, between_steps, latent_change
from app.lab.record import record
from app.lab.simulate import simulate
from tests.support.tiny import TinyVideoModel, sample

TIMESTEPS = (1000.0, 800.0, 500.0)
EVERY_STEP = Codebook((1e9,), (1,))
STEPS = 12

# Latents are 2 in every place. In steps 1, 2, 3 the expected clean latent is 4, 3, 6: velocities are
# (4 - 2) / 1 = 2, (3 - 2) / 0.8 = 1.25, (6 - 2) / 0.5 = 8. Lengths of steps, in thirds: 0.6, 0.9, 1.5.
CLEAN = (4.0, 3.0, 6.0)
BY_HAND: dict[LatentSignal, tuple[float | None, ...]] = {
    "velocity": (None, 0.75, 6.75),
    "velocity-length": (None, 0.75 * 0.9, 6.75 * 1.5),
    "clean-latent": (None, 1.0, 3.0),
    "clean-latent-length": (None, 0.9, 4.5),
    # The line through 2 at 1000 and 1.25 at 800 is at 0.125 in 500.
    "forecast-error": (None, None, 7.875),
    "forecast-error-length": (None, None, 7.875 * 1.5),
}


@pytest.mark.parametrize("signal", LATENT_SIGNALS)
def test_by_hand(signal: LatentSignal):
    probe = LatentSignalProbe(signal, TIMESTEPS)
    latent = torch.full((1, 2, 3, 4, 5), 2.0)
    measured = [probe.measure(step, latent, torch.full_like(latent, CLEAN[step - 1])) for step in (1, 2, 3)]
    assert measured == pytest.approx(BY_HAND[signal])


@pytest.mark.parametrize("signal", LATENT_SIGNALS)
def test_a_recording_says_what_a_run_measures(signal: LatentSignal):
    model = TinyVideoModel()
    recording = record(model, "a test", seed=1, steps=STEPS, guidance=7.0)
    method = AdaCacheConfig(EVERY_STEP, residual=signal, distance="l2")
    run = Denoiser.start(model, model.encode_prompt("a test"), AdaCache(method), seed=1, steps=STEPS, guidance=7.0)
    measured = [record.distance for record in run.finish().records]
    told = between_steps(recording, signal)
    assert [value is None for value in measured] == [value is None for value in told]
    assert [v for v in measured if v is not None] == pytest.approx([v for v in told if v is not None], rel=1e-3)
    assert recording.velocities is not None
    assert run.cache.peak_bytes >= recording.velocities.elements * 4
    # A gap of two steps, and with it a schedule: nothing drifts before the first reused step.
    first = latent_change(recording, signal, 5, (3, 2))
    assert first is not None
    assert first > 0
    found = check(model, recording, replace(method, codebook=Codebook((1e9,), (2,))))
    assert found.same


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"distance": "l1"}, "velocity as an l2 change, got distance l1"),
        ({"motion": MotionRegularisation()}, "velocity has no motion"),
        ({"subsample": 2}, "all of the latent, got subsample 2"),
    ],
)
def test_what_it_goes_without(settings, said: str):
    with pytest.raises(ValueError, match=said):
        AdaCacheConfig(EVERY_STEP, **{"residual": "velocity", "distance": "l2", **settings})


def test_whoever_does_not_show_the_guided_prediction_is_told():
    """The sampler of the tests makes its steps without showing it."""
    with pytest.raises(ValueError, match="guided predictions"):
        sample(AdaCache(AdaCacheConfig(EVERY_STEP, residual="velocity", distance="l2")))


def test_older_recordings_say_that_they_cannot_tell():
    recording = replace(record(TinyVideoModel(), "a test", seed=1, steps=6, guidance=7.0), velocities=None)
    with pytest.raises(ValueError, match=NEEDED):
        simulate(recording, AdaCacheConfig(EVERY_STEP, residual="velocity", distance="l2"))
