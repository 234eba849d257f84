"""The closed vocabulary of a Sprites model: which objects, backgrounds, motions and other factors it knows.

One data file (vocabulary.json in the model's folder) feeds the renderer, the text encoder and the judge.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from app.common.paths import SPRITES

SLOTS = ("object", "background", "motion", "speed")  # those that every vocabulary begins with

VOCABULARY = "vocabulary.json"


@dataclass(frozen=True)
class Word:
    """One canonical word of a slot, with what the renderer and the text encoder need to know of it."""

    name: str
    slot: str
    synonyms: tuple[str, ...]
    phrases: tuple[str, ...] = ()
    emoji: str = ""
    faces_left: bool = False
    moving: bool = False
    colour: bool = False
    default: bool = False


@dataclass(frozen=True)
class Vocabulary:
    """All words in file order; a word's position in its slot is its class index everywhere.

    A slot that a prompt does not fill is open (the model decides), or has a default word, which then holds.
    """

    words: tuple[Word, ...]
    function_words: frozenset[str]
    slots: tuple[str, ...]
    sheet: Path  # the objects' emoji

    def __post_init__(self) -> None:
        if self.slots[: len(SLOTS)] != SLOTS:
            raise ValueError(f"slots are {', '.join(self.slots)}; accepted: {', '.join(SLOTS)} and then others")
        seen: dict[str, str] = {}
        for word in self.words:
            if word.slot not in self.slots:
                accepted = ", ".join(self.slots)
                raise ValueError(f"word {word.name!r} has slot {word.slot!r}; accepted slots: {accepted}")
            for phrase in (word.name, *word.synonyms):
                if phrase in seen:
                    raise ValueError(f"{phrase!r} means both {seen[phrase]!r} and {word.name!r}; accepted: one")
                seen[phrase] = word.name

    def slot(self, slot: str) -> tuple[Word, ...]:
        """The words of one slot, in class order."""
        return tuple(word for word in self.words if word.slot == slot)

    def names(self, slot: str) -> tuple[str, ...]:
        """The canonical names of one slot, in class order."""
        return tuple(word.name for word in self.slot(slot))

    def default(self, slot: str) -> str | None:
        """The name that holds where nothing is said, None for a slot that is then left open."""
        return next((word.name for word in self.slot(slot) if word.default), None)

    def find(self, slot: str, name: str) -> Word:
        """The word of that canonical name; ValueError lists the accepted names."""
        for word in self.slot(slot):
            if word.name == name:
                return word
        raise ValueError(f"unknown {slot} {name!r}; accepted: {', '.join(self.names(slot))}")


@lru_cache(maxsize=4)
def load_vocabulary(folder: Path = SPRITES) -> Vocabulary:
    """Reads and checks the vocabulary of a model's folder; ValueError if a phrase has two meanings."""
    data = json.loads((folder / VOCABULARY).read_text(encoding="utf-8"))
    words = [_word(slot, name, entry) for slot in data["slots"] for name, entry in data[slot].items()]
    return Vocabulary(tuple(words), frozenset(data["function_words"]), tuple(data["slots"]), folder / "emoji.png")


def indefinite(noun: str) -> str:
    """The noun with "a" or "an"; of u's words only those on "um" sound like a vowel here (umbrella, not ufo)."""
    return f"{'an' if noun[0] in 'aeio' or noun.startswith('um') else 'a'} {noun}"


def _word(slot: str, name: str, entry: dict[str, Any]) -> Word:
    return Word(
        name=name,
        slot=slot,
        synonyms=tuple(entry["synonyms"]),
        phrases=tuple(entry.get("phrases", ())),
        emoji=entry.get("emoji", ""),
        faces_left=entry.get("faces") == "left",
        moving=bool(entry.get("moving", False)),
        colour=bool(entry.get("colour", False)),
        default=bool(entry.get("default", False)),
    )
