"""Rectified flow by hand, and against the recorded timesteps."""

import pytest
import torch
from safetensors.torch import load_file

from app.models.samplers.rectified_flow import (
    euler_step,
    guide,
    predict_video,
    shifted_timesteps,
    timesteps,
)
from tests.support.paths import GOLDEN

RECORDED = GOLDEN / "adacache_runs.safetensors"


def test_recorded_timesteps():
    ours = timesteps(30, height=480, width=854, frames=17)
    assert torch.allclose(torch.tensor(ours), load_file(RECORDED)["timesteps"], atol=1e-3)


def test_shift_1_is_even():
    assert shifted_timesteps(4, 1.0) == (1000, 750, 500, 250)
    assert shifted_timesteps(2, 3.0) == pytest.approx((1000, 750))
    with pytest.raises(ValueError, match="at least 1 step"):
        shifted_timesteps(0, 1.0)


def test_true_velocity_leads_from_noise_to_the_video():
    video, noise = torch.randn(2, 1, 3, 2, 4, 4).unbind(0)
    schedule = shifted_timesteps(7, 2.5)
    latent = noise
    for step in range(1, 8):
        expected = predict_video(latent, video - noise, schedule[step - 1])
        assert torch.allclose(expected, video, atol=1e-5)
        latent = euler_step(latent, video - noise, schedule, step)
    assert torch.allclose(latent, video, atol=1e-5)


def test_guidance():
    a, b = torch.tensor([3.0]), torch.tensor([1.0])
    assert guide(a, b, 0.0) == b
    assert guide(a, b, 1.0) == a
    assert guide(a, b, 7.0) == 15
