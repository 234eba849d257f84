"""Fewer steps: the same compute spent on a shorter schedule, the comparison every cache has to win.

Not a cache: the accelerated side denoises with fewer steps and computes all of them.
"""

from dataclasses import dataclass

from app.caching.fields import Field
from app.caching.method import Method, MethodKind
from app.caching.policy import NoCache
from app.caching.registry import register
from app.common.validation import whole

MAX_STEPS = 1000


@dataclass(frozen=True)
class FewerStepsConfig(Method):
    """steps: of the accelerated side, at most those of the baseline."""

    steps: int = 15

    def __post_init__(self) -> None:
        super().__post_init__()
        whole("steps of the shorter schedule", self.steps, 1, MAX_STEPS)

    def run_steps(self, steps: int) -> int:
        """Its own, at most those of the baseline."""
        if self.steps > steps:
            raise ValueError(f"the shorter schedule has {self.steps} steps, more than the baseline's {steps}")
        return self.steps


register(
    MethodKind(
        name="fewer-steps",
        title="Fewer steps",
        description="Spends the same compute without any cache, on a shorter schedule. A cache is worth having "
        "only where it comes closer to the full run than this does.",
        source="The plain alternative to caching",
        config=FewerStepsConfig,
        build=lambda _: NoCache(),
        order=20,
        fields=(Field("steps", "Steps of the accelerated side", "At most those of the baseline."),),
        setting="steps",
    )
)
