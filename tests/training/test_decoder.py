from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from app.common.paths import SPRITES
from app.models.sprites.vae import SpritesVAE, VaeConfig, load_vae
from app.models.sprites.vocabulary import load_vocabulary
from app.models.sprites.world import clip
from app.training.decoder import EVERY, DecoderTraining, Pictures, finish, psnr, render, train
from app.training.latents import Latents
from app.training.loop import Budget

CLIPS = 3
SMALL = VaeConfig(
    decoder_quarter=16, decoder_half=16, decoder_blocks=1, decoder_half_blocks=1, scale=2, decoder_whole=8,
    decoder_whole_blocks=1,
)  # fmt: skip
SHORT = DecoderTraining(clips=CLIPS, crops_per_step=4, frames_per_step=2, whole_from=3, adamw_rate=1e-2)


@pytest.fixture(scope="module")
def encoder() -> SpritesVAE:
    return load_vae(SPRITES / "vae.safetensors")


@pytest.fixture(scope="module")
def pictures(encoder: SpritesVAE) -> Pictures:
    vocabulary = load_vocabulary()
    clips = [torch.from_numpy(clip(seed, vocabulary=vocabulary).frames) for seed in range(CLIPS)]
    latent = encoder.encode(torch.stack(clips)).numpy().astype(np.float16)
    nothing = np.zeros((CLIPS, 9), np.int64), np.zeros((CLIPS, 16, 16, 16), np.uint8)
    return render(Latents([latent], *nothing), vocabulary, CLIPS)


def trained(encoder: SpritesVAE, pictures: Pictures, work: Path, steps: int) -> SpritesVAE:
    budget = Budget(steps=steps, decay_from=steps, warmup=2)
    return train(SMALL, SHORT, budget, encoder, pictures, pictures, work)


def test_pictures_belong_to_their_latents(encoder, pictures):
    assert pictures.frames.shape == (CLIPS * 16 // EVERY, 128, 128, 3)
    decoded = encoder.decode(pictures.latents.transpose(0, 1)[None])[0].float()
    right = (decoded - pictures.frames.float()).abs().mean(dim=(1, 2, 3))
    wrong = (decoded - pictures.frames.float().roll(16 // EVERY, 0)).abs().mean(dim=(1, 2, 3))  # another clip's
    assert (right < 8).all()
    assert (right < wrong / 2).all()


def test_the_decoder_learns_and_the_encoder_stays(encoder, pictures, tmp_path):
    start = trained(encoder, pictures, tmp_path / "start", 1)
    vae = trained(encoder, pictures, tmp_path / "run", 25)
    assert psnr(vae, pictures) > psnr(start, pictures) + 1
    for name, value in encoder.encoder.state_dict().items():
        assert torch.equal(vae.encoder.state_dict()[name], value), name
    frames = torch.from_numpy(clip(0).frames)[None]
    assert torch.equal(vae.encode(frames), encoder.encode(frames))


def test_a_resumed_run_is_the_same_run(encoder, pictures, tmp_path):
    trained(encoder, pictures, tmp_path / "resumed", 2)
    resumed = trained(encoder, pictures, tmp_path / "resumed", 5)  # crops up to step 3, whole frames from there
    straight = trained(encoder, pictures, tmp_path / "straight", 5)
    for (name, one), other in zip(resumed.state_dict().items(), straight.state_dict().values(), strict=True):
        assert torch.equal(one, other), name


def test_the_preview_has_the_size_of_what_is_decoded(encoder, pictures, tmp_path):
    vae = trained(encoder, pictures, tmp_path, 1)
    figures = finish(vae, pictures, pictures)
    assert figures["preview_psnr"] > 18
    latent = torch.zeros(1, 4, 16, 16, 16)
    assert vae.preview(latent).shape == vae.decode(latent).shape == (1, 16, 128, 128, 3)


def test_settings_that_make_no_sense_are_named():
    with pytest.raises(ValueError, match="crop is 15; accepted: 1 to 14 cells"):
        replace(SHORT, crop=15)
    with pytest.raises(ValueError, match="noise is -1"):
        replace(SHORT, noise=-1)
    with pytest.raises(ValueError, match="scale is 3; accepted: 1"):
        VaeConfig(scale=3)
