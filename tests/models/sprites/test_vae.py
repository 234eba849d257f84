import numpy as np
import pytest
import torch

from app.common.paths import SPRITES
from app.models.sprites.vae import SpritesVAE, load_vae
from app.models.sprites.vocabulary import Vocabulary, load_vocabulary
from app.models.sprites.world import Factors, clip, render
from tests.support.vocabularies import of_first_slots


@pytest.fixture(scope="module")
def vae() -> SpritesVAE:
    return load_vae(SPRITES / "vae.safetensors")


@pytest.fixture(scope="module")
def frames() -> torch.Tensor:
    """Clips as they are encoded, at 64 pixels."""
    return rendered(load_vocabulary(), 64)


@pytest.fixture(scope="module")
def pictures() -> torch.Tensor:
    """The same clips as they are decoded, at 128."""
    return rendered(load_vocabulary(), 128)


def rendered(vocabulary: Vocabulary, side: int) -> torch.Tensor:
    return torch.stack([torch.from_numpy(clip(seed, True, vocabulary, side).frames) for seed in range(6)])


def psnr(one: torch.Tensor, other: torch.Tensor) -> float:
    error = (one.float() - other.float()).square().mean(dim=(2, 3, 4))
    return float((10 * torch.log10(255**2 / error)).mean())


def test_shipped_weights_reconstruct_held_out_clips(vae, frames, pictures):
    latent = vae.encode(frames)
    assert latent.shape == (6, 4, 16, 16, 16)
    decoded = vae.decode(latent)
    assert decoded.shape == pictures.shape
    assert decoded.dtype == torch.uint8
    assert psnr(decoded, pictures) >= 30


def test_latents_are_standardised(vae):
    scenes = [
        render(Factors("dog", name, "still", None), np.random.default_rng(0)).frames[:1]
        for name in load_vocabulary().names("background")
    ]
    latent = vae.encode(torch.from_numpy(np.stack(scenes)))
    assert latent.mean(dim=(0, 2, 3, 4)).abs().max() < 0.4
    deviation = latent.std(dim=(0, 2, 3, 4))
    assert 0.6 < deviation.min() <= deviation.max() < 1.5


def test_preview_is_a_blurry_decode(vae, frames, pictures):
    assert psnr(vae.preview(vae.encode(frames)), pictures) >= 18.5  # small bright things are lost in it
    plain = [rendered(of_first_slots(), side) for side in (64, 128)]
    assert psnr(vae.preview(vae.encode(plain[0])), plain[1]) >= 19.5


def test_uint8_and_float_frames_encode_alike(vae, frames):
    assert torch.allclose(vae.encode(frames[:1]), vae.encode(frames[:1].float() / 255), atol=1e-4)


def test_no_block_pattern(vae, frames, pictures):
    """The error's step across the borders of 8 x 8 blocks, one a cell, is no larger than inside them."""
    error = vae.decode(vae.encode(frames)).float() - pictures.float()
    steps = error.diff(dim=3).abs().mean(dim=(0, 1, 2, 4))  # (127,), step k lies between columns k and k + 1
    border = torch.arange(len(steps)) % vae.pixels == vae.pixels - 1
    borders, inside = steps[border].mean(), steps[~border].mean()
    assert borders < 1.3 * inside


def test_wrong_shapes_are_named(vae):
    with pytest.raises(ValueError, match=r"\(1, 8, 16, 16, 16\)"):
        vae.decode(torch.zeros(1, 8, 16, 16, 16))
    with pytest.raises(ValueError, match="frames have shape"):
        vae.encode(torch.zeros(16, 64, 64, 3))
