"""The text encoder of Sprites: a prompt becomes a few tokens for each slot of a closed vocabulary.

It says which words it understood and which it ignored; nothing in a prompt vanishes silently.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import torch
from torch import Tensor

from app.models.sprites.vocabulary import Vocabulary, Word, load_vocabulary
from app.models.sprites.world import Factors

# One token can only be added to a patch; out of several, attention picks the part of an object a patch needs.
TOKENS_A_WORD = 8

_ARTICLES = frozenset(("a", "an", "the"))


@dataclass(frozen=True)
class Understood:
    """Words of the prompt and the canonical word and slot they were taken for."""

    text: str
    word: str
    slot: str


@dataclass(frozen=True)
class Ignored:
    """Words of the prompt that change nothing, and why."""

    text: str
    reason: str


@dataclass(frozen=True)
class Understanding:
    """What became of a prompt's words, in their order; function words are in neither list."""

    understood: tuple[Understood, ...]
    ignored: tuple[Ignored, ...]

    def name(self, slot: str) -> str | None:
        """The canonical word that fills a slot, None where the prompt leaves it open."""
        return next((entry.word for entry in self.understood if entry.slot == slot), None)


class SpritesText:
    """Encodes prompts with a trained table (rows, TOKENS_A_WORD, channels); rows are those of token_count()."""

    def __init__(self, table: Tensor, vocabulary: Vocabulary | None = None) -> None:
        self.vocabulary = vocabulary or load_vocabulary()
        self.table = table
        if len(table) != token_count(self.vocabulary):
            raise ValueError(f"table has {len(table)} rows; accepted: {token_count(self.vocabulary)}, one a word")

    def encode(self, prompt: str) -> tuple[Tensor, Tensor, Understanding]:
        """Prompt -> y (1, 1, tokens, channels), mask (1, tokens), understanding; ValueError if none is known."""
        understanding = understand(prompt, self.vocabulary)
        names = {slot: understanding.name(slot) for slot in self.vocabulary.slots}
        tokens = token_indices(names, self.vocabulary)
        y = embed(self.table, torch.tensor(tokens))[None, None]
        return y, torch.ones(1, y.shape[2], dtype=torch.bool), understanding


def understand(prompt: str, vocabulary: Vocabulary) -> Understanding:
    """Finds the longest known phrases from left to right; the first word of a slot wins."""
    words, after_article = _words(prompt)
    phrases = _phrases(vocabulary)
    understood: list[Understood] = []
    ignored: list[Ignored] = []
    filled: dict[str, str] = {}
    position = 0
    while position < len(words):
        found = _longest(words, position, phrases)
        if found is None:
            if words[position] not in vocabulary.function_words:
                ignored.append(Ignored(words[position], "not in the vocabulary"))
            position += 1
            continue
        length, word = found
        text = " ".join(words[position : position + length])
        position += length
        following = None if position in after_article else _longest(words, position, phrases)
        if word.colour and length == 1 and following is not None and following[1].slot == "object":
            ignored.append(Ignored(text, "objects come in their own colour"))
        elif filled.setdefault(word.slot, word.name) != word.name:
            ignored.append(Ignored(text, f"one {word.slot} per clip, and {filled[word.slot]} came first"))
        else:
            understood.append(Understood(text, word.name, word.slot))
    if not understood:
        raise ValueError(_help(prompt, vocabulary))
    if "count" in vocabulary.slots:
        _settle_count(understood, ignored, vocabulary)
    return Understanding(tuple(understood), tuple(ignored))


def _settle_count(understood: list[Understood], ignored: list[Ignored], vocabulary: Vocabulary) -> None:
    """Makes number and objects fit: a bare plural is many; a scene is empty only if nothing needs an object."""
    named = {entry.slot: entry for entry in understood}
    thing, count = named.get("object"), named.get("count")
    if thing is not None and count is None and _plural(thing, vocabulary):
        understood.append(Understood(thing.text, "many", "count"))
    if count is None or count.word != "empty":
        return
    if thing is not None:
        understood.remove(count)
        ignored.append(Ignored(count.text, f"{thing.word} is named"))
        return
    for entry in list(understood):
        if entry.slot in ("motion", "speed", "size") or entry.word == "blinking":
            understood.remove(entry)
            ignored.append(Ignored(entry.text, "an empty scene has no object"))


def _plural(thing: Understood, vocabulary: Vocabulary) -> bool:
    word = vocabulary.find("object", thing.word)
    last = {phrase.split()[-1] for phrase in (word.name, *word.synonyms)}
    spoken = thing.text.split()[-1]
    return spoken not in last and any(form in last for form in _forms(spoken))


def embed(table: Tensor, words: Tensor) -> Tensor:
    """Rows of the table, words (..., slots) -> text tokens (..., slots * TOKENS_A_WORD, channels)."""
    return table[words].flatten(-3, -2)


def token_count(vocabulary: Vocabulary) -> int:
    """Rows of the embedding table: every word, and for each slot without a default one row for "left open"."""
    return len(vocabulary.words) + sum(vocabulary.default(slot) is None for slot in vocabulary.slots)


def token_indices(names: dict[str, str | None], vocabulary: Vocabulary) -> list[int]:
    """The rows of the table for each slot in slot order; None is the slot's default word or "left open" row."""
    indices, first = [], 0
    for slot in vocabulary.slots:
        known, default = vocabulary.names(slot), vocabulary.default(slot)
        name = names[slot] or default
        if default is None:
            indices.append(first if name is None else first + 1 + known.index(name))
            first += 1
        else:
            indices.append(first + known.index(str(name)))
        first += len(known)
    return indices


def row_names(vocabulary: Vocabulary) -> list[tuple[str, str | None]]:
    """Slot and word of each row of the table; the word of a "left open" row is None."""
    rows: list[tuple[str, str | None]] = []
    for slot in vocabulary.slots:
        rows += [(slot, None)] if vocabulary.default(slot) is None else []
        rows += [(slot, name) for name in vocabulary.names(slot)]
    return rows


def factor_tokens(factors: Factors) -> list[int]:
    """The tokens of a fully captioned clip."""
    names = {slot: getattr(factors, slot) for slot in factors.vocabulary.slots}
    return token_indices(names, factors.vocabulary)


def _phrases(vocabulary: Vocabulary) -> dict[tuple[str, ...], Word]:
    return {
        tuple(part for part in phrase.split() if part not in _ARTICLES): word
        for word in vocabulary.words
        for phrase in (word.name, *word.synonyms)
    }


def _longest(words: list[str], start: int, phrases: dict[tuple[str, ...], Word]) -> tuple[int, Word] | None:
    for length in range(min(5, len(words) - start), 0, -1):
        spans: list[tuple[str, ...]] = [()]
        for word in words[start : start + length]:
            spans = [(*span, form) for span in spans for form in _forms(word)]
        for span in spans:
            if span in phrases:
                return length, phrases[span]
    return None


def _forms(word: str) -> tuple[str, ...]:
    """The word itself first, then what it may be the plural or third person of."""
    forms = [word]
    if word.endswith("ies"):
        forms.append(word[:-3] + "y")
    if word.endswith("es"):
        forms.append(word[:-2])
    if word.endswith("s"):
        forms.append(word[:-1])
    return tuple(forms)


def _words(prompt: str) -> tuple[list[str], set[int]]:
    """The prompt's words without articles, and the positions of words that followed one."""
    words: list[str] = []
    after_article: set[int] = set()
    for word in re.findall(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.sub(r"['’]s?\b", "", prompt.lower())):
        if word in _ARTICLES:
            after_article.add(len(words))
        else:
            words.append(word)
    return words, after_article


def _help(prompt: str, vocabulary: Vocabulary) -> str:
    known = "; ".join(f"{slot}s: {', '.join(vocabulary.names(slot))}" for slot in vocabulary.slots)
    start = "the prompt is empty" if not prompt.strip() else "no word of the prompt is known to Sprites"
    return f"{start}; it understands {known}"
