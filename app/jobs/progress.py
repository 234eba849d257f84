"""Progress: how far a run is and how long it will take, and the pace of earlier runs that a wait is reckoned from."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Self

from app.generation.events import Started, Step
from app.generation.request import Request
from app.generation.trace import SIDES, Side, steps_of
from app.models.size import Size

NONE_MADE: Mapping[Side, int] = dict.fromkeys(SIDES, 0)
NO_SECONDS: Mapping[Side, float] = dict.fromkeys(SIDES, 0.0)


@dataclass(frozen=True)
class Progress:
    """Denoising steps made and to be made, and their compute time, by side."""

    steps: Mapping[Side, int] = field(default_factory=lambda: NONE_MADE)
    made: Mapping[Side, int] = field(default_factory=lambda: NONE_MADE)
    seconds: Mapping[Side, float] = field(default_factory=lambda: NO_SECONDS)

    @property
    def seconds_left(self) -> float | None:
        """What both sides still need at the pace they have had; None before each has made a step."""
        if not all(self.made.values()):
            return None
        return sum(self.seconds[side] / self.made[side] * (self.steps[side] - self.made[side]) for side in SIDES)

    def after(self, event: object) -> Self:
        """The progress once an event has happened; a recording has one side, the baseline."""
        match event:
            case Started():
                return replace(self, steps=steps_of(event.request, len(event.timesteps)))
            case Step():
                made = {**self.made, event.side: event.record.step}
                return replace(self, made=made, seconds={**self.seconds, event.side: event.seconds})
        return self


@dataclass
class Pace:
    """Seconds that a step has taken here lately, by model and size."""

    lately: dict[tuple[str, Size | None], float] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def learn(self, request: Request, progress: Progress) -> None:
        """Take over what a finished run has shown."""
        if made := sum(progress.made.values()):
            with self.lock:
                self.lately[request.model, request.size] = sum(progress.seconds.values()) / made

    def seconds_of(self, request: Request) -> float | None:
        """How long a run will take from its start; None before one of its model and size has been made here."""
        with self.lock:
            step = self.lately.get((request.model, request.size))
        return None if step is None else step * sum(steps_of(request, request.steps).values())
