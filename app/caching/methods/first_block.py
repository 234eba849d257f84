"""First-block cache: the first block is always computed; if its residual hardly changed, the rest is reused.

As in ParaAttention (chengzeyi/ParaAttention, first_block_cache), decided within the step and on the whole batch.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from app.caching.branches import Branch, all_branches
from app.caching.distances import change, norms
from app.caching.fields import Field
from app.caching.method import MethodKind, WholeStackMethod, WholeStackPolicy
from app.caching.policy import Decision, Plan, RunShape
from app.caching.registry import register
from app.caching.rows import BranchRow, Curve, probe_rows
from app.caching.sharding import ONE_PROCESS, Sharding
from app.common.validation import number

MAX_THRESHOLD = 100.0


@dataclass(frozen=True)
class FirstBlockConfig(WholeStackMethod):
    """threshold: the other blocks are reused below this relative L1 change; 0 computes every step.

    The change is that of the first block's residual (spatial and temporal part together) since the last step
    that computed all blocks, not since the last step.
    """

    threshold: float = 0.1

    curves: ClassVar[tuple[Curve, ...]] = (
        Curve("regularised", "change of the first block's residual since the last full step"),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        number("first-block threshold", self.threshold, 0, MAX_THRESHOLD)

    def rows(self, run: RunShape) -> tuple[BranchRow, ...]:
        """The first block and the others."""
        return probe_rows(run)


@dataclass
class FirstBlock(WholeStackPolicy):
    """Adds up the first block's residuals as they are computed, and decides at the last of them."""

    config: FirstBlockConfig
    _first: frozenset[Branch] = frozenset()
    _unseen: int = 0
    _residual: Tensor | None = None
    _reference: Tensor | None = None
    _distance: float | None = None
    _compute: bool = False
    _sharding: Sharding = ONE_PROCESS

    def start(self, run: RunShape) -> frozenset[Branch]:
        """Observe the first block; a model of one block has nothing left to reuse."""
        if run.depth < 2:
            raise ValueError(f"first-block caching needs a model of at least 2 blocks, this one has {run.depth}")
        self._first, self._sharding = frozenset(all_branches(1, run.layout)), run.sharding
        return self._first

    def plan(self, step: int) -> Plan:
        """The first block; `revise` decides on the others."""
        self._residual, self._unseen = None, len(self._first)
        self._distance, self._compute = None, False
        return self._first

    def restart(self, step: int) -> None:
        """As in the first step."""
        self._reference = None

    def span(self, step: int) -> slice:
        """All blocks but the first."""
        return slice(1, None)

    def observe(self, branch: Branch, residual: Tensor) -> None:
        """Add a residual of the first block; the last one completes what is measured."""
        self._residual = residual if self._residual is None else self._residual + residual
        self._unseen -= 1
        if self._unseen:
            return
        if self._reference is not None:
            self._distance = change(norms(self._reference, self._residual, 1, self._sharding), "l1", relative=True)
        # A NaN is no small change: it computes.
        self._compute = self._distance is None or not self._distance < self.config.threshold
        if self._compute:
            self._reference = self._residual

    def revise(self, plan: Plan) -> Plan:
        """Everything once the change is known to be too large."""
        return "all" if self._compute else plan

    def end_step(self) -> Decision:
        """The relative change of the first block's residual."""
        return Decision(distance=self._distance, regularised=self._distance)

    def held_bytes(self) -> int:
        """The residual of the last full step, and this step's."""
        held = {id(tensor): tensor.nbytes for tensor in (self._reference, self._residual) if tensor is not None}
        return sum(held.values())


register(
    MethodKind(
        name="first-block",
        title="First-block cache",
        description="Computes the first block in every step and compares its residual with that of the last "
        "fully computed step. If it changed by less than a threshold, the other blocks would not have changed "
        "much either, and the sum of their residuals is reused.",
        source="github.com/chengzeyi/ParaAttention, first_block_cache",
        config=FirstBlockConfig,
        build=FirstBlock,
        order=5,
        fields=(Field("threshold", "Threshold", "The other blocks are reused while the change is below it."),),
        setting="threshold",
        points=("0.05", "0.1", "0.15"),
        blocks=2,
    )
)
