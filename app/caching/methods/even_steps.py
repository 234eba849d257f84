"""Even steps: so many computed steps, spread evenly over the run, whatever the video.

The yardstick of every adaptive schedule: at equal compute and equal reuse, what is adapting worth?
"""

from dataclasses import dataclass
from typing import ClassVar

from app.caching.fields import Field
from app.caching.method import MethodKind, WholeStackMethod
from app.caching.policy import Granularity, Plan, RunShape
from app.caching.registry import register
from app.caching.schedule import Scheduled
from app.common.validation import whole

MAX_STEPS = 1000


@dataclass(frozen=True)
class EvenStepsConfig(WholeStackMethod):
    """computed: how many steps of the run are computed; the i-th is 1 + floor(i steps / computed), i from 0."""

    computed: int = 10

    granularity: ClassVar[Granularity] = "sum"

    def __post_init__(self) -> None:
        super().__post_init__()
        whole("number of computed steps", self.computed, 1, MAX_STEPS)

    def steps(self, steps: int) -> tuple[int, ...]:
        """The computed steps of a run; a ValueError where it has fewer."""
        if self.computed > steps:
            raise ValueError(f"{self.computed} computed steps are wished, the run has {steps}")
        return tuple(1 + i * steps // self.computed for i in range(self.computed))

    def plans(self, run: RunShape) -> tuple[Plan, ...]:
        """All blocks or none."""
        computed = self.steps(run.steps)
        return tuple("all" if step in computed else "none" for step in range(1, run.steps + 1))


register(
    MethodKind(
        name="even",
        title="Even steps",
        description="Computes a number of steps spread evenly over the run and reuses the sum of all residuals in "
        "the others. It is the fixed interval for any number of steps, and the yardstick of adaptive schedules: "
        "at equal compute and equal reuse, what they are better by is what adapting is worth.",
        source="The static counterpart of AdaCache",
        config=EvenStepsConfig,
        build=Scheduled,
        order=1,
        fields=(Field("computed", "Computed steps", "Spread evenly over the run, the first among them."),),
        setting="computed",
        points=("8", "10", "12", "15"),
    )
)
