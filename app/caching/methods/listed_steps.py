"""Listed steps: exactly the steps of a list are computed, the others reuse the sum of all residuals.

For schedules found elsewhere: by a search in the Lab, by another method, by hand.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from app.caching.fields import Field
from app.caching.method import MethodKind, WholeStackMethod
from app.caching.policy import Granularity, Plan, RunShape
from app.caching.registry import register
from app.caching.schedule import Scheduled
from app.common.validation import whole

MAX_STEP = 1000


@dataclass(frozen=True)
class ListedStepsConfig(WholeStackMethod):
    """steps: those that are computed, increasing, counted from 1; the first is always 1."""

    steps: tuple[int, ...] = (1,)

    granularity: ClassVar[Granularity] = "sum"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.steps, tuple) or not self.steps or self.steps[0] != 1:
            raise ValueError(f"the computed steps are a list that begins with 1, got {self.steps!r}")
        for step in self.steps:
            whole("computed step", step, 1, MAX_STEP)
        for before, after in zip(self.steps, self.steps[1:], strict=False):
            if before >= after:
                raise ValueError(f"computed steps must increase, got {before} before {after}")

    def plans(self, run: RunShape) -> tuple[Plan, ...]:
        """The list, step by step; a ValueError where it names steps that the run does not have."""
        if self.steps[-1] > run.steps:
            raise ValueError(f"the list computes step {self.steps[-1]}, the run has {run.steps}")
        return tuple("all" if step in self.steps else "none" for step in range(1, run.steps + 1))


def read_steps(text: str) -> dict[str, Any]:
    """Steps from what follows the name: 1-4-7-11."""
    try:
        return {"steps": tuple(int(part) for part in text.split("-"))}
    except ValueError:
        raise ValueError(
            f"computed steps are whole numbers joined by -, such as 1-4-7, got {text[:40]!r}"
        ) from None


register(
    MethodKind(
        name="steps",
        title="Listed steps",
        description="Computes exactly the steps of a list and reuses the sum of all residuals in the others. It "
        "decides nothing itself: the list may come from a search in the Lab, from the trace of another method, "
        "or from a thought, and is the same for every video.",
        source="Any schedule found beforehand",
        config=ListedStepsConfig,
        build=Scheduled,
        order=3,
        fields=(Field("steps", "Computed steps", "Increasing, from 1 on; all others reuse."),),
        start=lambda steps: {"steps": list(range(1, steps + 1, 3))},
        parse=read_steps,
    )
)
