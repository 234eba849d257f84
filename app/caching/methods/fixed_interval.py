"""Fixed interval: every k-th step is computed, the others reuse the sum of all residuals.

The static counterpart of AdaCache: its cache rate is the same for every video and step.
"""

from dataclasses import dataclass
from typing import ClassVar

from app.caching.fields import Field
from app.caching.method import MethodKind, WholeStackMethod
from app.caching.policy import Granularity, Plan, RunShape
from app.caching.registry import register
from app.caching.schedule import Scheduled
from app.common.validation import whole

MAX_INTERVAL = 1000


@dataclass(frozen=True)
class FixedIntervalConfig(WholeStackMethod):
    """interval: steps from one computed step to the next; 1 computes all of them."""

    interval: int = 2

    granularity: ClassVar[Granularity] = "sum"

    def __post_init__(self) -> None:
        super().__post_init__()
        whole("interval", self.interval, 1, MAX_INTERVAL)

    def plans(self, run: RunShape) -> tuple[Plan, ...]:
        """Steps 1, 1 + interval, 1 + 2 interval, ... are computed."""
        return tuple("none" if step % self.interval else "all" for step in range(run.steps))


register(
    MethodKind(
        name="fixed-interval",
        title="Fixed interval",
        description="Computes every k-th step and reuses the sum of all residuals in the others. It is AdaCache "
        "with one rate for every video and every step, and shows what adapting adds.",
        source="The static counterpart of AdaCache; with one interval for all layers also FORA, Selvaraju et al. "
        "2024, arXiv 2407.01425; with a forecast TaylorSeer, Liu et al. 2025, arXiv 2503.06923",
        config=FixedIntervalConfig,
        build=Scheduled,
        order=2,
        fields=(Field("interval", "Interval in steps", "From one computed step to the next; 1 computes all."),),
        setting="interval",
        points=("2", "3", "4"),
    )
)
