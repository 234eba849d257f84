"""The cache of latents: a shard holds its clips in the order of their seeds, with what is said of them."""

from pathlib import Path

import numpy as np
import pytest
import torch

from app.common.paths import SPRITES
from app.models.sprites.text import factor_tokens
from app.models.sprites.vae import load_vae
from app.models.sprites.vocabulary import load_vocabulary
from app.models.sprites.world import clip
from app.training import latents


@pytest.mark.parametrize("held_out", [False, True])
def test_clips_lie_in_the_order_of_their_seeds(
    held_out: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(latents, "SHARD", 2)
    vae, vocabulary = load_vae(SPRITES / "vae.safetensors"), load_vocabulary()
    for index in (1, 0):  # workers finish when they finish
        latents.write_shard(tmp_path, index, vae, vocabulary, held_out)
    cache = latents.open_latents(tmp_path, 4)
    assert len(cache) == 4
    for seed in range(4):
        made = clip(seed, held_out, vocabulary)
        expected = vae.encode(torch.from_numpy(made.frames)[None])
        assert torch.allclose(cache.batch([seed]), expected, atol=0.05)
        assert cache.tokens[seed].tolist() == factor_tokens(made.factors)
        cells = made.cover.reshape(16, 16, 4, 16, 4).mean(axis=(2, 4))
        assert np.abs(cache.cover[seed] - cells).max() <= 1
    with pytest.raises(ValueError, match="clips is 6; accepted: a multiple of 2, up to 4"):
        latents.open_latents(tmp_path, 6)
