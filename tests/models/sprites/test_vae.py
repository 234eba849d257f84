import numpy as np
import pytest
import torch

from app.common.paths import SPRITES
from app.models.sprites.vae import SpritesVAE, load_vae
from app.models.sprites.vocabulary import load_vocabulary
from app.models.sprites.world import Factors, clip, render


@pytest.fixture(scope="module")
def vae() -> SpritesVAE:
    return load_vae(SPRITES / "vae.safetensors")


@pytest.fixture(scope="module")
def frames() -> torch.Tensor:
    return torch.stack([torch.from_numpy(clip(seed, held_out=True).frames) for seed in range(6)])


def psnr(one: torch.Tensor, other: torch.Tensor) -> float:
    error = (one.float() - other.float()).square().mean(dim=(2, 3, 4))
    return float((10 * torch.log10(255**2 / error)).mean())


def test_shipped_weights_reconstruct_held_out_clips(vae, frames):
    latent = vae.encode(frames)
    assert latent.shape == (6, 4, 16, 16, 16)
    decoded = vae.decode(latent)
    assert decoded.shape == frames.shape
    assert decoded.dtype == torch.uint8
    assert psnr(decoded, frames) >= 30


def test_latents_are_standardised(vae):
    scenes = [
        render(Factors("dog", name, "still", None), np.random.default_rng(0)).frames[:1]
        for name in load_vocabulary().names("background")
    ]
    latent = vae.encode(torch.from_numpy(np.stack(scenes)))
    assert latent.mean(dim=(0, 2, 3, 4)).abs().max() < 0.4
    deviation = latent.std(dim=(0, 2, 3, 4))
    assert 0.6 < deviation.min() <= deviation.max() < 1.5


def test_preview_is_a_blurry_decode(vae, frames):
    assert psnr(vae.preview(vae.encode(frames)), frames) >= 19.5


def test_uint8_and_float_frames_encode_alike(vae, frames):
    assert torch.allclose(vae.encode(frames[:1]), vae.encode(frames[:1].float() / 255), atol=1e-4)


def test_no_block_pattern(vae, frames):
    """The error's step across the borders of 4 x 4 blocks is no larger than inside them."""
    error = vae.decode(vae.encode(frames)).float() - frames.float()
    steps = error.diff(dim=3).abs().mean(dim=(0, 1, 2, 4))  # (63,), step k lies between columns k and k + 1
    borders = steps[3::4].mean()
    inside = torch.stack([steps[0::4].mean(), steps[1::4].mean(), steps[2::4].mean()]).mean()
    assert borders < 1.3 * inside


def test_wrong_shapes_are_named(vae):
    with pytest.raises(ValueError, match=r"\(1, 8, 16, 16, 16\)"):
        vae.decode(torch.zeros(1, 8, 16, 16, 16))
    with pytest.raises(ValueError, match="frames have shape"):
        vae.encode(torch.zeros(16, 64, 64, 3))
