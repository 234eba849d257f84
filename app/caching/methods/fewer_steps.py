"""Fewer steps: the same compute spent on a shorter schedule, the comparison every cache has to win.

Not a cache: the accelerated side denoises with fewer steps and computes all of them.
"""

from dataclasses import dataclass

from app.common.validation import whole

MAX_STEPS = 1000


@dataclass(frozen=True)
class FewerStepsConfig:
    """steps: of the accelerated side, at most those of the baseline."""

    steps: int = 15

    def __post_init__(self) -> None:
        whole("steps of the shorter schedule", self.steps, 1, MAX_STEPS)

    def of(self, steps: int) -> int:
        """Steps of the accelerated side against a baseline of `steps`."""
        if self.steps > steps:
            raise ValueError(f"the shorter schedule has {self.steps} steps, more than the baseline's {steps}")
        return self.steps
