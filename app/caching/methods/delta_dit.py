"""Delta-DiT: within intervals of steps, a range of blocks is skipped and the change it last made is added instead.

Chen et al. 2024 (arXiv 2406.01125); VideoSys (exp/tgate_deltadit, deltadit/core/delta_mgr.py) adds it negated.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Literal, get_args

from app.caching.fields import Field
from app.caching.method import Method, MethodKind
from app.caching.policy import Granularity, Plan, Reuse, RunShape
from app.caching.registry import register
from app.caching.rows import BranchRow, Window, block_rows
from app.caching.schedule import Scheduled
from app.common.validation import whole, whole_range

Sign = Literal["released", "corrected"]
MAX_STEP = 1000
MAX_BLOCK = 1000


@dataclass(frozen=True)
class DeltaInterval:
    """steps: first and last, from 1; blocks: first and last, from 0; both inclusive."""

    steps: tuple[int, int]
    blocks: tuple[int, int]

    def __post_init__(self) -> None:
        whole_range("Delta-DiT steps", self.steps, 1, MAX_STEP)
        whole_range("Delta-DiT blocks", self.blocks, 0, MAX_BLOCK)


@dataclass(frozen=True)
class DeltaDiTConfig(Method):
    """gap: within an interval every gap-th step skips its blocks (with 3 one step in three, not two).

    sign: "corrected" adds output - input of the skipped blocks, as the paper defines it; "released" adds
    input - output, as the code behind the published comparison does.
    """

    intervals: tuple[DeltaInterval, ...] = (DeltaInterval((1, 6), (0, 5)),)
    gap: int = 2
    sign: Sign = "corrected"

    granularity: ClassVar[Granularity] = "sum"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.intervals, tuple) or not self.intervals:
            raise ValueError(f"Delta-DiT needs at least one interval, got {self.intervals!r}")
        ordered = sorted(self.intervals, key=lambda interval: interval.steps)
        for before, after in pairwise(ordered):
            if after.steps[0] <= before.steps[1]:
                raise ValueError(
                    f"Delta-DiT intervals must not overlap, got steps {before.steps} and {after.steps}"
                )
        whole("Delta-DiT gap", self.gap, 2, MAX_STEP)
        if self.sign not in get_args(Sign):
            raise ValueError(f"Delta-DiT sign must be one of {', '.join(get_args(Sign))}, got {self.sign!r}")

    def interval(self, step: int) -> DeltaInterval | None:
        """The interval a step lies in."""
        return next((i for i in self.intervals if i.steps[0] <= step <= i.steps[1]), None)

    def plans(self, run: RunShape) -> tuple[Plan, ...]:
        """Everything, or everything outside the interval's blocks; a ValueError where those do not exist."""
        for interval in self.intervals:
            if interval.blocks[1] >= run.depth:
                raise ValueError(
                    f"Delta-DiT block {interval.blocks[1]} does not exist; the model has {run.depth} blocks"
                )
        return tuple(self._plan(step, run) for step in range(1, run.steps + 1))

    def rows(self, run: RunShape) -> tuple[BranchRow, ...]:
        """The stack, cut where the blocks of an interval begin and end."""
        return block_rows(run, tuple(cut for i in self.intervals for cut in (i.blocks[0], i.blocks[1] + 1)))

    def windows(self, run: RunShape) -> tuple[Window, ...]:
        """The intervals of steps, around the rows of their blocks."""
        about = f"blocks skipped in one step of {self.gap}"
        found = []
        for interval in self.intervals:
            first, last = interval.steps
            skipped = range(interval.blocks[0], interval.blocks[1] + 1)
            rows = [r.name for r in self.rows(run) if all(branch.block in skipped for branch in r.branches)]
            if first <= run.steps:
                found.append(Window(about, (first, min(last, run.steps)), tuple(rows)))
        return tuple(found)

    def _plan(self, step: int, run: RunShape) -> Plan:
        interval = self.interval(step)
        if interval is None or (step - interval.steps[0] + 1) % self.gap:
            return "all"
        first, last = interval.blocks
        return frozenset(branch for branch in run.branches if not first <= branch.block <= last)


@dataclass
class DeltaDiT(Scheduled):
    """Folds the interval's blocks, so that one tensor is kept whatever their number."""

    config: DeltaDiTConfig

    @property
    def reuse(self) -> Reuse:
        """The released code's sign is the opposite of the residual's."""
        return "negate" if self.config.sign == "released" else "hold"

    def span(self, step: int) -> slice:
        """The blocks of the interval; none outside of intervals."""
        interval = self.config.interval(step)
        return slice(0, 0) if interval is None else slice(interval.blocks[0], interval.blocks[1] + 1)


register(
    MethodKind(
        name="delta-dit",
        title="Delta-DiT",
        description="Front blocks draw the outline, back blocks the detail. While the outline forms, a range of "
        "blocks is skipped in every other step and the difference between its output and input, the delta, is "
        "added from the step before. The code behind the published comparisons subtracts the delta where the "
        "paper adds it; both signs are here, named released and corrected.",
        source="Chen et al. 2024, arXiv 2406.01125; video version in VideoSys, branch exp/tgate_deltadit",
        config=DeltaDiTConfig,
        build=DeltaDiT,
        order=14,
        fields=(
            Field("intervals", "Intervals", "In these steps these blocks are skipped now and then."),
            Field("intervals.steps", "Steps", "First and last, counted from 1."),
            Field("intervals.blocks", "Blocks", "First and last, counted from 0."),
            Field("gap", "Skipped: one step in", "With 3 one step in three is skipped, not two."),
            Field("sign", "Sign of the delta", "The released code subtracts what the paper adds."),
        ),
    )
)
