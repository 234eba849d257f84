"""MagCache: steps are skipped while the magnitude of the residuals, known beforehand, says that little is lost.

Ma et al. 2025 (arXiv 2506.09045); decisions as in Zehong-Ma/MagCache. The ratios of a model are measured once, by
`python -m app.training.magcache`.
"""

import math
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from app.caching.branches import Branch
from app.caching.fields import Field
from app.caching.method import MethodKind, WholeStackMethod
from app.caching.policy import Decision, Granularity, Plan, RunShape
from app.caching.registry import register
from app.caching.rows import Curve, Window
from app.caching.schedule import Scheduled
from app.common.validation import number, whole

MAX_STEPS = 1000
MAX_THRESHOLD = 1000.0
MAX_RATIO = 1000.0


class Judged(NamedTuple):
    """One step: whether it is computed, and what was compared; none in the first steps."""

    computed: bool
    ratio: float | None = None  # of the step's magnitude to that of the last computed one
    error: float | None = None  # summed since then


@dataclass(frozen=True)
class MagCacheConfig(WholeStackMethod):
    """A schedule that is known before the run.

    threshold: skipped while the summed error |1 - ratio| is at most this. max_skips: in a row. retention: the
    share of steps at the beginning that are all computed. ratios: for every step of a calibration run, the mean
    magnitude of its residuals over that of the step before, the first being 1; runs of other lengths take the
    nearest step's. speedup: wished steps for each computed one; replaces the threshold by the least that has it.
    """

    threshold: float = 0.12
    max_skips: int = 3
    retention: float = 0.2
    ratios: tuple[float, ...] = (1.0,)
    speedup: float | None = None

    granularity: ClassVar[Granularity] = "sum"
    curves: ClassVar[tuple[Curve, ...]] = (
        Curve("distance", "error of the magnitude"),
        Curve("regularised", "summed since the last computed step"),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        number("MagCache threshold", self.threshold, 0, MAX_THRESHOLD)
        whole("MagCache skips in a row", self.max_skips, 1, MAX_STEPS)
        number("MagCache retention", self.retention, 0, 1)
        if not isinstance(self.ratios, tuple) or not 1 <= len(self.ratios) <= MAX_STEPS:
            raise ValueError(f"MagCache needs a magnitude ratio a step, got {self.ratios!r}")
        for ratio in self.ratios:
            number("magnitude ratio", ratio, 0, MAX_RATIO)
        if self.speedup is not None:
            number("MagCache speedup", self.speedup, 1, MAX_STEPS)

    def ratios_for(self, steps: int) -> list[float]:
        """A ratio a step, each that of the nearest step of the calibration run."""
        last = len(self.ratios) - 1
        return [self.ratios[round(i * last / max(1, steps - 1))] for i in range(steps)]

    def retained(self, steps: int) -> int:
        """First steps of a run, which are all computed."""
        return max(1, int(self.retention * steps + 0.5))

    def judge(self, steps: int, threshold: float) -> list[Judged]:
        """Walk through a run with a threshold."""
        ratios, first = self.ratios_for(steps), self.retained(steps)
        ratio, skips, error = 1.0, 0, 0.0
        judged = []
        for i in range(steps):
            if i < first:
                judged.append(Judged(True))
                continue
            ratio, skips = ratio * ratios[i], skips + 1
            error += abs(1 - ratio)
            computed = not (error <= threshold and skips <= self.max_skips)
            judged.append(Judged(computed, ratio, error))
            if computed:
                ratio, skips, error = 1.0, 0, 0.0
        return judged

    def limit(self, steps: int) -> float:
        """The threshold, or the least that computes few enough steps for the wished speedup; needs no run."""
        if self.speedup is None:
            return self.threshold
        threshold, wished = 0.0, steps / self.speedup
        while True:
            judged = self.judge(steps, threshold)
            computed = sum(step.computed for step in judged)
            if computed <= wished:
                return threshold
            above = [step.error for step in judged if step.error is not None and step.error > threshold]
            if not above:
                raise ValueError(
                    f"with {self.max_skips} skips in a row MagCache computes {computed} of {steps} steps or more: "
                    f"it reaches a speedup of {math.floor(100 * steps / computed) / 100:g}, not {self.speedup:g}"
                )
            threshold = min(above)

    def windows(self, run: RunShape) -> tuple[Window, ...]:
        """The first steps."""
        return (Window("always computed", (1, self.retained(run.steps)), tuple(r.name for r in self.rows(run))),)

    def plans(self, run: RunShape) -> tuple[Plan, ...]:
        """All blocks or none."""
        judged = self.judge(run.steps, self.limit(run.steps))
        return tuple("all" if step.computed else "none" for step in judged)


@dataclass
class MagCache(Scheduled):
    """Follows the schedule and tells the error that each step was judged by."""

    config: MagCacheConfig
    _judged: list[Judged] = field(default_factory=list)

    def start(self, run: RunShape) -> frozenset[Branch]:
        """Walk through the run."""
        self._judged = self.config.judge(run.steps, self.config.limit(run.steps))
        return super().start(run)

    def end_step(self) -> Decision:
        """distance: how far the magnitude is off; regularised: its sum, which the threshold is compared with."""
        judged = self._judged[self._step - 1]
        if judged.ratio is None:
            return Decision()
        return Decision(distance=abs(1 - judged.ratio), regularised=judged.error)


def read_point(text: str) -> dict[str, Any]:
    """Settings from what follows the name: 0.12 is a threshold, 2.5x a wished speedup."""
    try:
        return {"speedup": float(text[:-1])} if text.endswith("x") else {"threshold": float(text)}
    except ValueError:
        raise ValueError(f"a threshold or a speedup such as 2.5x is expected, got {text[:40]!r}") from None


register(
    MethodKind(
        name="magcache",
        title="MagCache",
        description="From step to step the residuals shrink by a ratio that hardly depends on the prompt. It is "
        "measured once for a model; in a run, steps are skipped while the ratios multiplied since the last "
        "computed step say that the summed error stays below a threshold. The schedule is thus known before the "
        "run.",
        source="Ma et al. 2025, arXiv 2506.09045; github.com/Zehong-Ma/MagCache",
        config=MagCacheConfig,
        build=MagCache,
        order=6,
        fields=(
            Field("threshold", "Threshold", "Steps are reused while the summed error is at most this."),
            Field("speedup", "Wished speedup", "In steps; replaces the threshold by the least that has it."),
            Field("max_skips", "Reused steps in a row, at most", "Then one is computed whatever the error."),
            Field("retention", "Share of first steps, all computed", "0.2 of 30 steps are the first 6."),
            Field("ratios", "Magnitude ratios", "Measured in a calibration run, one a step."),
        ),
        setting="threshold",
        points=("0.06", "0.12", "0.24"),
        parse=read_point,
    )
)
