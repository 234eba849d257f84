"""The tiny model at a pace that a test sets, so that it can look at runs that are under way."""

import time
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from torch import Tensor

from app.models.base import ModelCard
from tests.support.tiny import CARD, TinyVideoModel


@dataclass
class Pace:
    """How fast the model is: it rests in every step, and waits before one while the gate is closed."""

    seconds: float = 0.0
    gate: Event = field(default_factory=Event)
    steps_left: int = -1  # until the gate closes by itself

    def hold_after(self, steps: int) -> None:
        """Make some steps and wait in the next, until told to go on."""
        self.steps_left = steps
        self.gate.set()

    def release(self) -> None:
        """Go on, at full speed."""
        self.seconds, self.steps_left = 0.0, -1
        self.gate.set()


class PacedModel(TinyVideoModel):
    """The tiny model at a pace a test can set."""

    def __init__(self, pace: Pace, card: ModelCard = CARD) -> None:
        super().__init__()
        self.pace = pace
        self.card = card

    def denoise_step(self, *arguments: Any) -> tuple[Tensor, Tensor]:
        if self.pace.steps_left == 0:
            self.pace.gate.clear()
        self.pace.steps_left -= 1
        self.pace.gate.wait()
        time.sleep(self.pace.seconds)
        return super().denoise_step(*arguments)
