"""What the Lab's scripts ask about: recordings, with or without motion regularisation, and a reuse.

Everything in a question comes from the browser and is checked here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from app.caching.codebook import Codebook
from app.caching.method import REUSES, ReuseOption
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.motion import MotionRegularisation
from app.common.validation import number, shown
from app.lab.recording import Recording
from app.models.base import ModelCard
from components.lab.recordings import Library
from components.shared.visitors import asker_of

MAX_SELECTED = 12


@dataclass(frozen=True)
class Selection:
    """Recordings by name, whether motion counts, and what stands in for a step that is not computed."""

    recordings: dict[str, Recording]
    motion: bool
    reuse: ReuseOption

    @classmethod
    def read(cls, asked: object, library: Library) -> Self:
        """Read a question's selection; a ValueError says what does not fit."""
        names, reuse = read_field(asked, "ids", list), read_field(asked, "reuse", str)
        if not 1 <= len(names) <= MAX_SELECTED:
            raise ValueError(f"select 1 to {MAX_SELECTED} recordings, got {len(names)}")
        if reuse not in REUSES:
            raise ValueError(f"reuse must be one of {', '.join(REUSES)}, got {shown(reuse)}")
        found = {str(name): library.get(name, asker_of(asked)) for name in names}
        return cls(found, read_field(asked, "motion", bool), reuse)

    def method(self, recording: Recording, codebook: Codebook, cards: Mapping[str, ModelCard]) -> AdaCacheConfig:
        """AdaCache as it would run on a recording: with the recording's probe and its model's motion settings."""
        card = cards.get(recording.model)
        motion = card.motion if card else MotionRegularisation()
        return AdaCacheConfig(
            codebook,
            residual=recording.residual,
            locations=recording.blocks,
            motion=motion if self.motion else None,
            reuse=self.reuse,
        )


def name_of(asked: object) -> object:
    """Which recording a question is about."""
    return read_field(asked, "id", object)


def read_number(asked: object, name: str) -> float:
    """A finite number of a question."""
    value = read_field(asked, name, object)
    number(f"the {name}", value, -1e9, 1e9)
    return float(value)


def read_field(asked: object, name: str, kind: type) -> Any:
    """A field of a question; a ValueError where it is missing or of another type."""
    if not isinstance(asked, dict) or name not in asked or not isinstance(asked[name], kind):
        raise ValueError("the page does not fit this server; reload it")
    return asked[name]
