"""Limits of what one visitor may ask for: on a public Space a few short runs at a time, watched by somebody."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass

from app.generation.request import MAX_PROMPT, MAX_STEPS, Request
from app.lab.model_calibration import MAX_PROMPTS
from app.models.registry import CARDS


@dataclass(frozen=True)
class Limits:
    """What one run may ask for, how many may wait, and for how long a run goes on with nobody looking."""

    steps: int = MAX_STEPS
    baselines: int = MAX_PROMPTS  # that one calibration records
    prompt: int = MAX_PROMPT
    waiting: int = 1000  # runs of one visitor, or of one address, that wait
    all_waiting: int = 1000  # runs of all visitors that wait
    abandoned_seconds: float = math.inf  # after which a run that its visitor does not come back to is stopped

    def check(self, request: Request) -> None:
        """A ValueError says what is too much."""
        usual = CARDS[request.model].steps if request.model in CARDS else 0
        if request.steps > (most := max(self.steps, usual)):  # a model's own number of steps is never too much
            raise ValueError(f"this public page makes at most {most} steps a run, got {request.steps}")
        if len(request.prompt) > self.prompt:
            raise ValueError(
                f"this public page takes prompts of at most {self.prompt} characters, got {len(request.prompt)}"
            )
        if (length := len(request.negative_prompt or "")) > self.prompt:
            raise ValueError(
                f"this public page takes negative prompts of at most {self.prompt} characters, got {length}"
            )

    def check_baselines(self, count: int) -> None:
        """A ValueError where a calibration would record too many."""
        if count > self.baselines:
            raise ValueError(f"this public page calibrates on at most {self.baselines} prompts, got {count}")


PUBLIC = Limits(steps=100, baselines=6, prompt=1200, waiting=3, all_waiting=32, abandoned_seconds=600.0)


def limits_here(environment: Mapping[str, str] = os.environ) -> Limits:
    """Those of a public page on a Hugging Face Space, else none that a person would meet."""
    return PUBLIC if "SPACE_ID" in environment else Limits()
