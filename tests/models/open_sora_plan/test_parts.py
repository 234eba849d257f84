"""CausalVAE, its tiles, PNDM and the memory plan of Open-Sora-Plan 1.1."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from app.models.doctor import diagnose
from app.models.networks.t5 import T5_XXL_PARAMETERS
from app.models.open_sora_plan.estimate import estimate, stream_bytes
from app.models.open_sora_plan.lattet2v import LatteT2VConfig
from app.models.open_sora_plan.needs import PUBLISHED
from app.models.open_sora_plan.tiling import Tiling, decode_tiled
from app.models.open_sora_plan.vae import VAEConfig
from app.models.open_sora_plan.vae_layers import (
    AttnBlock3D,
    AttnBlock3DFix,
    TimeDownsampleRes2x,
    TimeUpsampleRes2x,
)
from app.models.samplers.pndm import advance, initial_state, timesteps

GIB = 2**30


@pytest.mark.parametrize("steps", [4, 30, 142, 150])
def test_pndm_is_the_one_of_diffusers(steps: int):
    from diffusers import PNDMScheduler

    def noise(x: Tensor, timestep: float) -> Tensor:
        return torch.tanh(1.3 * x) + 0.3 * torch.sin(5 * x + timestep / 300)

    scheduler = PNDMScheduler()
    scheduler.set_timesteps(steps)
    schedule = timesteps(steps)
    assert schedule == tuple(map(float, scheduler.timesteps))
    x = torch.randn(1, 4, 2, 3, 3, generator=torch.Generator().manual_seed(0))
    state = initial_state(x)
    for step, timestep in enumerate(scheduler.timesteps, start=1):
        x = scheduler.step(noise(x, float(timestep)), timestep, x, return_dict=False)[0]
        state = advance(state, noise(state[:1], schedule[step - 1]), schedule, step)
    torch.testing.assert_close(state[:1], x, atol=1e-4, rtol=1e-4)


def test_pndm_needs_a_step_after_its_start():
    with pytest.raises(ValueError, match="PNDM takes 4 to 1000 steps, got 3"):
        timesteps(3)


@pytest.mark.parametrize(("frames", "pieces"), [(1, [1]), (8, [8]), (9, [8, 2]), (17, [8, 8, 3])])
def test_tiles_cover_the_video_and_blend_without_a_seam(frames: int, pieces: list[int]):
    seen: list[int] = []

    def decode(latent: Tensor) -> Tensor:
        """A decoder of no context: 1 frame for the first latent, 4 for each other, 8 x 8 pixels for one."""
        seen.append(latent.shape[2])
        first, later = latent[:, :, :1], latent[:, :, 1:].repeat_interleave(4, dim=2)
        return F.interpolate(torch.cat([first, later], dim=2), scale_factor=(1, 8, 8))

    latent = torch.randn(1, 3, frames, 11, 6, generator=torch.Generator().manual_seed(0))
    tiled = decode_tiled(decode, latent, Tiling(side=4, frames=8), space=8)
    assert list(dict.fromkeys(seen)) == list(dict.fromkeys(pieces))
    torch.testing.assert_close(tiled, decode(latent))


def test_attention_of_the_first_version_mixes_frames_and_channels():
    torch.manual_seed(0)
    fixed, first = AttnBlock3DFix(32).eval(), AttnBlock3D(32).eval()
    first.load_state_dict(fixed.state_dict())
    video = torch.randn(1, 32, 3, 4, 5)
    with torch.inference_mode():
        torch.testing.assert_close(first(video[:, :, :1]), fixed(video[:, :, :1]))
        assert not torch.allclose(first(video), fixed(video), atol=1e-3)


def test_resizers_over_time_keep_the_first_frame_apart():
    video = torch.randn(1, 32, 5, 2, 2)
    with torch.inference_mode():
        assert TimeDownsampleRes2x(32, 32)(video).shape[2] == 3
        assert TimeUpsampleRes2x(32, 32)(video).shape[2] == 9
        assert TimeUpsampleRes2x(32, 32)(video[:, :, :1]).shape[2] == 1


def test_a_layer_not_known_is_named():
    with pytest.raises(ValueError, match=r"CausalVAE decoder_attention must be of AttnBlock3D, .*, got 'Linear'"):
        VAEConfig.from_upstream({"decoder_attention": "Linear"})
    with pytest.raises(ValueError, match="LatteT2V use_rope must be False, got True"):
        LatteT2VConfig.from_upstream({"use_rope": True})


def test_the_published_model_in_memory():
    needs = estimate(LatteT2VConfig(), VAEConfig(), T5_XXL_PARAMETERS, torch.bfloat16)
    assert needs == PUBLISHED  # what the page and doctor tell without tracing
    assert needs["transformer"].weights / GIB == pytest.approx(1.97, abs=0.01)
    assert 0.5 < needs["transformer"].working / GIB < 4
    assert 1 < needs["vae"].working / GIB < 8
    assert stream_bytes(LatteT2VConfig(), torch.bfloat16) == 2 * 17 * 32 * 32 * 1152 * 2


def test_the_doctor_names_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.delenv("OPEN_SORA_PLAN_FOLDER", raising=False)
    diagnosis = diagnose("open-sora-plan-1.1")
    states = {check.what: check.state for check in diagnosis.checks}
    assert states["weights LanguageBind/Open-Sora-Plan-v1.1.0"] == "download"
    assert states["GPU"] == states["GPU memory"] == "missing"
    assert diagnosis.exit_status == 1
