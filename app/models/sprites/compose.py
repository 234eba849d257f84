"""Prompts composed from the vocabulary of Sprites: every word of them is understood."""

from random import Random

import numpy as np

from app.models.sprites.captions import noun_phrase, phrase
from app.models.sprites.world import draw_factors


def compose(random: Random) -> str:
    """For example "two foxes moving left slowly in the snow, zooming in"; words are as frequent as in training."""
    rng = np.random.default_rng(random.getrandbits(64))
    factors = draw_factors(rng)
    vocabulary = factors.vocabulary
    if factors.object is None:
        parts = [phrase(vocabulary, "count", factors.count, rng)]
    else:
        parts = [noun_phrase(factors.object, "a", factors, rng)]
    for slot in ("motion", "speed", "background", "texture", "camera", "change"):
        name = getattr(factors, slot)
        if name not in (None, vocabulary.default(slot)):
            said = phrase(vocabulary, slot, name, rng)
            parts.append(f", {said}" if slot in ("camera", "change") else f" {said}")
    return "".join(parts)
