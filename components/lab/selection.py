"""What the Lab's scripts ask about: recordings, with or without motion regularisation, a signal and a reuse.

Everything in a question comes from the browser and is checked here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from app.caching.codebook import Codebook
from app.caching.latent_signals import LATENT_SIGNALS, LatentSignal
from app.caching.method import REUSES, ReuseOption
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.motion import MotionRegularisation
from app.common.validation import number, shown
from app.lab.recording import Recording
from app.models.base import ModelCard
from components.lab.recordings import Library
from components.shared.codebook import read_codebook
from components.shared.visitors import asker_of

MAX_SELECTED = 12
CODEBOOK = ("thresholds", "rates", "steps", "models")  # of a question


@dataclass(frozen=True)
class Selection:
    """Recordings by name, whether motion counts, what stands in for skipped steps, and the signal."""

    recordings: dict[str, Recording]
    motion: bool
    reuse: ReuseOption
    signal: LatentSignal | None = None  # measured instead of the recordings' own residual

    @classmethod
    def read(cls, asked: object, library: Library) -> Self:
        """Read a question's selection; a ValueError says what does not fit."""
        names, reuse = read_field(asked, "ids", list), read_field(asked, "reuse", str)
        if not 1 <= len(names) <= MAX_SELECTED:
            raise ValueError(f"select 1 to {MAX_SELECTED} recordings, got {len(names)}")
        if reuse not in REUSES:
            raise ValueError(f"reuse must be one of {', '.join(REUSES)}, got {shown(reuse)}")
        found = {str(name): library.get(name, asker_of(asked)) for name in names}
        signal = read_signal(asked, "signal")
        return cls(found, read_field(asked, "motion", bool) and signal is None, reuse, signal)

    def method(self, recording: Recording, codebook: Codebook, cards: Mapping[str, ModelCard]) -> AdaCacheConfig:
        """AdaCache as it would run on a recording: with the recording's probe and its model's motion settings."""
        card = cards.get(recording.model)
        motion = card.motion if card else MotionRegularisation()
        return AdaCacheConfig(
            codebook,
            residual=self.signal or recording.residual,
            distance="l2" if self.signal else "l1",
            locations=recording.blocks,
            motion=motion if self.motion else None,
            reuse=self.reuse,
        )


def asked_codebook(asked: object) -> Codebook:
    """The codebook of a question, whose motion and signal are the selection's, not the codebook's own."""
    rows = asked if isinstance(asked, dict) else {}
    return read_codebook({name: rows[name] for name in CODEBOOK if name in rows})


def read_signal(asked: object, name: str) -> LatentSignal | None:
    """A latent signal of a question; none, by an empty text, for the recordings' own residual."""
    value = read_field(asked, name, str) if isinstance(asked, dict) and name in asked else ""
    if value and value not in LATENT_SIGNALS:
        raise ValueError(f"the signal must be one of {', '.join(LATENT_SIGNALS)}, got {shown(value)}")
    return next((signal for signal in LATENT_SIGNALS if signal == value), None)


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
