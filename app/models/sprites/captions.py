"""Captions of clips: what happens in one, in varying words and order, all of them the vocabulary's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from app.models.sprites.vocabulary import SLOTS, Vocabulary, indefinite

if TYPE_CHECKING:
    from app.models.sprites.world import Factors

MISSING_RATE = 0.1


def describe(factors: Factors, rng: np.random.Generator) -> str:
    """A caption; each slot is left out one time in ten, never all of them, and defaults are not spoken of."""
    vocabulary = factors.vocabulary
    kept = [slot for slot in SLOTS if getattr(factors, slot) is not None and rng.random() >= MISSING_RATE]
    if factors.object is not None and (factors.count, factors.size) != ("one", "normal") and "object" not in kept:
        kept.insert(0, "object")  # number and size are said of something
    if not kept:
        kept = ["background" if factors.object is None else "object"]
    parts: dict[str, str] = {}
    for slot in kept:
        word = vocabulary.find(slot, getattr(factors, slot))
        names = (word.name, *word.synonyms) if slot == "object" else word.phrases
        parts[slot] = str(rng.choice(names))
    if "object" in parts:
        article = str(rng.choice(["a", "the", ""]))
        parts["object"] = noun_phrase(parts["object"], article, factors, rng)
    orders = (
        ("object", "motion", "speed", "background"),
        ("object", "background", "motion", "speed"),
        ("background", "object", "motion", "speed"),
        ("object", "speed", "motion", "background"),
    )
    order = orders[int(rng.integers(len(orders)))]
    words = [parts[slot] for slot in order if slot in parts]
    if factors.object is None:
        words.insert(0, phrase(vocabulary, "count", factors.count, rng))
    said = [slot for slot in ("texture", "camera", "change") if getattr(factors, slot) != vocabulary.default(slot)]
    words += [phrase(vocabulary, slot, getattr(factors, slot), rng) for slot in said if slot in vocabulary.slots]
    return " ".join(words)


def noun_phrase(noun: str, article: str, factors: Factors, rng: np.random.Generator) -> str:
    """The object with its article, or with what is said of its number and size."""
    size = [] if factors.size == "normal" else [phrase(factors.vocabulary, "size", factors.size, rng)]
    named = " ".join([*size, noun])
    if factors.count != "one":
        return f"{phrase(factors.vocabulary, 'count', factors.count, rng)} {_plural(named)}"
    return indefinite(named) if article == "a" else f"{article} {named}".strip()


def _plural(noun: str) -> str:
    if noun.endswith(("s", "sh", "ch", "x")):
        return noun if noun.endswith("fish") else f"{noun}es"
    return f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2] not in "aeiou" else f"{noun}s"


def phrase(vocabulary: Vocabulary, slot: str, name: str, rng: np.random.Generator) -> str:
    """One of the ways in which captions say a word."""
    return str(rng.choice(vocabulary.find(slot, name).phrases))
