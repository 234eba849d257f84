"""Figures by kind: which clips are of which, and what the autoencoder in training draws of its own latents."""

import numpy as np
import torch

from app.common.paths import SPRITES
from app.models.sprites.text import factor_tokens, token_indices
from app.models.sprites.vae import load_vae
from app.models.sprites.vocabulary import load_vocabulary
from app.models.sprites.world import clip
from app.training.kinds import kinds, loaded, losses, picked, quality
from app.training.latents import Latents

VOCABULARY = load_vocabulary()


def cache(tokens: list[list[int]], latent: np.ndarray | None = None) -> Latents:
    count = len(tokens)
    latent = np.random.default_rng(0).standard_normal((count, 4, 16, 16, 16)) if latent is None else latent
    return Latents([latent.astype(np.float16)], np.array(tokens), np.zeros((count, 16, 16, 16), np.uint8))


def said(**words: str) -> list[int]:
    nothing: dict[str, str | None] = dict.fromkeys(VOCABULARY.slots)
    return token_indices({**nothing, "object": "dog", **words}, VOCABULARY)


def test_a_clip_is_of_the_kinds_its_words_name_and_plain_without_any() -> None:
    clips = [said(), said(texture="rain"), said(count="two", texture="rain"), said(count="one", camera="fixed")]
    assert kinds(cache(clips), VOCABULARY) == {"plain": [0, 3], "two": [2], "rain": [1, 2]}


def test_some_clips_of_a_cache_keep_what_belongs_to_them() -> None:
    whole = cache([said(), said(texture="rain"), said(count="two")])
    part = picked(whole, [2, 0])
    assert part.tokens.tolist() == [said(count="two"), said()]
    assert torch.equal(part.batch([0, 1]), whole.batch([2, 0]))


def test_the_loss_of_a_kind_is_that_of_its_clips() -> None:
    held_out = cache([said(), said(texture="rain")])
    model = loaded(SPRITES, VOCABULARY)
    both = losses(model, held_out, {"plain": [0], "rain": [1]})
    assert both["rain"] == losses(model, picked(held_out, [1]), {"rain": [0]})["rain"] != both["plain"]


def test_the_decoder_to_128_pixels_draws_held_out_clips_each_from_its_own_latents() -> None:
    vae = load_vae(SPRITES / "vae.safetensors")
    made = [clip(seed, True, VOCABULARY) for seed in range(3)]
    latent = torch.cat([vae.encode(torch.from_numpy(one.frames)[None]) for one in made]).numpy()
    tokens = [factor_tokens(one.factors) for one in made]
    own = quality(vae, cache(tokens, latent), VOCABULARY, 3)
    others = quality(vae, cache(tokens, np.roll(latent, 1, axis=0)), VOCABULARY, 3)
    assert min(own) > 24
    assert max(others) < min(own)
