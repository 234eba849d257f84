"""DiCache: the first block is computed in every step as a probe, which tells when to compute and how to reuse.

Bu et al. 2025 (arXiv 2508.17356); decisions as in Bujiazi/DiCache.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from torch import Tensor

from app.caching.branches import Branch
from app.caching.distances import change, norms
from app.caching.fields import Field
from app.caching.method import MethodKind, ReuseOption, WholeStackMethod, WholeStackPolicy
from app.caching.policy import Decision, Plan, RunShape, Signal
from app.caching.registry import register
from app.caching.rows import BranchRow, Curve, Window, probe_rows
from app.caching.sharding import ONE_PROCESS, Sharding
from app.common.validation import number

MAX_THRESHOLD = 1000.0


@dataclass(frozen=True)
class DiCacheConfig(WholeStackMethod):
    """threshold: skipped while the probe's summed relative change stays below it, from step to step.

    retention: the share of steps at the beginning that are all computed.
    """

    threshold: float = 0.1
    retention: float = 0.2
    reuse: ReuseOption = field(default="probe-scaled", kw_only=True)

    curves: ClassVar[tuple[Curve, ...]] = (
        Curve("distance", "change of the first block's output since the step before"),
        Curve("regularised", "summed since the last computed step"),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        number("DiCache threshold", self.threshold, 0, MAX_THRESHOLD)
        number("DiCache retention", self.retention, 0, 1)

    def retained(self, steps: int) -> int:
        """First steps of a run, which are all computed."""
        return max(1, int(self.retention * steps))

    def rows(self, run: RunShape) -> tuple[BranchRow, ...]:
        """The first block and the others."""
        return probe_rows(run)

    def windows(self, run: RunShape) -> tuple[Window, ...]:
        """The first steps."""
        return (Window("always computed", (1, self.retained(run.steps)), tuple(r.name for r in self.rows(run))),)


@dataclass
class DiCache(WholeStackPolicy):
    """Sums the change of the first block's output over all steps, skipped or not."""

    config: DiCacheConfig
    signals: frozenset[Signal] = frozenset({"first-block"})
    _previous: Tensor | None = None
    _sum: float = 0.0
    _decision: Decision | None = None
    _compute: bool = True
    _step: int = 0
    _first: int = 1
    _sharding: Sharding = ONE_PROCESS

    def start(self, run: RunShape) -> frozenset[Branch]:
        """No branch is observed; a model of one block has nothing left to reuse."""
        if run.depth < 2:
            raise ValueError(f"DiCache needs a model of at least 2 blocks, this one has {run.depth}")
        self._first = self.config.retained(run.steps)
        self._sharding = run.sharding
        return frozenset()

    def plan(self, step: int) -> Plan:
        """Nothing yet: the first block decides."""
        self._step, self._decision = step, None
        return "none"

    def restart(self, step: int) -> None:
        """As in the first step."""
        self._first, self._previous, self._sum = step, None, 0.0

    def observe_signal(self, signal: Signal, value: Tensor) -> None:
        """Measure the token stream after the first block (batch, frames, patches, channels) and decide."""
        self._compute = self._step <= self._first
        if not self._compute:
            assert self._previous is not None
            distance = change(norms(self._previous, value, 1, self._sharding), "l1", relative=True)
            self._sum += distance
            self._decision = Decision(distance=distance, regularised=self._sum)
            self._compute = not self._sum < self.config.threshold  # a NaN is not below it
            if self._compute:
                self._sum = 0.0
        self._previous = value

    def revise(self, plan: Plan) -> Plan:
        """All blocks, or none but the first."""
        return "all" if self._compute else "none"

    def end_step(self) -> Decision:
        """The change, and the sum that was compared with the threshold."""
        return self._decision or Decision()

    def held_bytes(self) -> int:
        """The probe of the step before."""
        return 0 if self._previous is None else self._previous.nbytes


register(
    MethodKind(
        name="dicache",
        title="DiCache",
        description="Computes the first block in every step. The relative changes of its output are summed, and "
        "the other blocks are skipped until the sum reaches a threshold. In a skipped step the probe also says "
        "how to reuse: as far along the line through the last two residuals as the first block has moved along "
        "its own.",
        source="Bu et al. 2025, arXiv 2508.17356; github.com/Bujiazi/DiCache",
        config=DiCacheConfig,
        build=DiCache,
        order=8,
        fields=(
            Field("threshold", "Threshold", "Steps are reused while the summed change is below it."),
            Field("retention", "Share of first steps, all computed", "0.2 of 30 steps are the first 6."),
        ),
        setting="threshold",
        points=("0.1", "0.15", "0.2"),
        signals=frozenset({"first-block"}),
        blocks=2,
    )
)
