"""Fixed interval: every k-th step is computed, the others reuse the sum of all residuals.

The static counterpart of AdaCache: its cache rate is the same for every video and step.
"""

from dataclasses import dataclass
from typing import ClassVar

from app.caching.policy import Granularity, Plan, RunShape
from app.common.validation import whole

MAX_INTERVAL = 1000


@dataclass(frozen=True)
class FixedIntervalConfig:
    """interval: steps from one computed step to the next; 1 computes all of them."""

    interval: int = 2

    granularity: ClassVar[Granularity] = "sum"

    def __post_init__(self) -> None:
        whole("interval", self.interval, 1, MAX_INTERVAL)

    def plans(self, run: RunShape) -> tuple[Plan, ...]:
        """Steps 1, 1 + interval, 1 + 2 interval, ... are computed."""
        return tuple("none" if step % self.interval else "all" for step in range(run.steps))
