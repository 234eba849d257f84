"""Prompts to start from, a model's own and those the paper prints, and what a closed vocabulary makes of them."""

import json
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from app.common.paths import PROMPT_LIBRARY
from app.models.base import ModelCard
from app.models.sprites.compose import compose
from app.models.sprites.vocabulary import load_vocabulary

CLOSED = "sprites"  # the model that knows a closed vocabulary


@dataclass(frozen=True)
class Words:
    """What becomes of a prompt's words: (as written, what they mean), and those that change nothing."""

    understood: tuple[tuple[str, str], ...]
    ignored: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """Prompts of one origin; for the paper's, the figure they made."""

    title: str
    prompts: tuple[str, ...]


def library(card: ModelCard) -> tuple[Group, ...]:
    """A model's own examples, then the paper's prompts by figure."""
    paper = json.loads(PROMPT_LIBRARY.read_text(encoding="utf-8"))
    figures = (Group(f"Paper, {group['figure']}", tuple(group["prompts"])) for group in paper["groups"])
    return (Group(f"{card.title}: examples", card.example_prompts), *figures)


def surprise(random: Random | None = None) -> str:
    """A random prompt of words that Sprites understands."""
    return compose(random or Random())


@lru_cache(maxsize=512)
def words(model: str, prompt: str) -> Words | None:
    """What a model with a closed vocabulary makes of a prompt; None for models that read any text."""
    if model != CLOSED:
        return None
    from app.models.sprites.text import understand  # loads torch, which this page can do without

    try:
        found = understand(prompt, load_vocabulary())
    except ValueError:  # not one word is known
        return Words((), tuple(prompt.split()))
    return Words(
        tuple((word.text, word.word) for word in found.understood),
        tuple(f"{word.text} ({word.reason})" for word in found.ignored),
    )
