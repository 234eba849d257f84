"""Progress: how far a run is and how long it will take, and the pace of earlier runs that gives a wait."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Self

from app.generation.events import Started, Step
from app.generation.request import Request
from app.generation.trace import SIDES, Side, steps_of
from app.jobs.calibration import BaselineStep
from app.models.size import Size


@dataclass(frozen=True)
class Progress:
    """Denoising steps made and to be made, and their compute time, by side."""

    sides: tuple[Side, ...] = SIDES  # that the run makes; a recording makes the baseline only
    steps: Mapping[Side, int] = field(default_factory=dict)
    made: Mapping[Side, int] = field(default_factory=dict)
    seconds: Mapping[Side, float] = field(default_factory=dict)

    @property
    def seconds_left(self) -> float | None:
        """What all sides still need at the pace they have had; None before each has made a step that was timed."""
        if not all(self.seconds.get(side) for side in self.sides):
            return None
        return sum(
            self.seconds[side] / self.made[side] * (self.steps[side] - self.made[side]) for side in self.sides
        )

    def after(self, event: object) -> Self:
        """The progress once an event has happened."""
        match event:
            case Started():
                steps = steps_of(event.request, len(event.timesteps))
                return replace(self, steps={side: steps[side] for side in self.sides})
            case Step():
                made = {**self.made, event.side: event.record.step}
                return replace(self, made=made, seconds={**self.seconds, event.side: event.seconds})
            case BaselineStep(made=steps_made, of=of, seconds=seconds):  # of several baselines, one after another
                return replace(
                    self, steps={"baseline": of}, made={"baseline": steps_made}, seconds={"baseline": seconds}
                )
        return self


@dataclass
class Pace:
    """Seconds that a step has taken here lately, by model and size."""

    lately: dict[tuple[str, Size | None], float] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def learn(self, request: Request, progress: Progress) -> None:
        """Take over what a run has shown so far."""
        if made := sum(progress.made.values()):
            with self.lock:
                self.lately[request.model, request.size] = sum(progress.seconds.values()) / made

    def seconds_of(self, request: Request) -> float | None:
        """How long a run will take from its start; None before one of its model and size has been made here."""
        with self.lock:
            step = self.lately.get((request.model, request.size))
        return None if step is None else step * sum(steps_of(request, request.steps).values())
