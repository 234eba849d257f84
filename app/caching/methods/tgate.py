"""T-GATE: cross-attention settles early and is frozen; before that, self-attention is computed every k-th step.

Zhang et al. 2024 (arXiv 2404.02747), as ported to video models in VideoSys (exp/tgate_deltadit, tgate/core).
"""

from dataclasses import dataclass
from typing import ClassVar

from app.caching.branches import Branch
from app.caching.fields import Field
from app.caching.method import Method, MethodKind
from app.caching.policy import Granularity, Plan, RunShape
from app.caching.registry import register
from app.caching.rows import BranchRow, Window, kind_row
from app.caching.schedule import Scheduled
from app.common.validation import whole, whole_range

MAX_STEP = 1000


@dataclass(frozen=True)
class TGATEConfig(Method):
    """The gate and the self-attention window, in steps counted from 1. The MLP is always computed.

    gate: last step that computes cross-attention. window: first and last step in which self-attention is computed
    only every `interval` steps, beginning with the first; after it, always. Upstream counts from 0 and writes
    cross_threshold[0] = gate - 1 and self-attention thresholds (first - 1, last). For windows that begin later
    than step 1, upstream's counter recomputes at most once for intervals above 2; here the interval holds.
    """

    gate: int = 13
    window: tuple[int, int] = (1, 12)
    interval: int = 2

    granularity: ClassVar[Granularity] = "branches"

    def __post_init__(self) -> None:
        super().__post_init__()
        whole("gate", self.gate, 1, MAX_STEP)
        whole_range("self-attention window", self.window, 1, MAX_STEP)
        whole("self-attention interval", self.interval, 1, MAX_STEP)

    def plans(self, run: RunShape) -> tuple[Plan, ...]:
        """What each step computes; windows and gates past the end of a run have no effect."""
        run.require_attention("T-GATE")

        def computes(step: int, branch: Branch) -> bool:
            if branch.kind == "cross":
                return step <= self.gate
            first, last = self.window
            skipped = first <= step <= last and (step - first) % self.interval != 0
            return branch.kind == "mlp" or not skipped

        return tuple(
            frozenset(branch for branch in run.branches if computes(step, branch))
            for step in range(1, run.steps + 1)
        )

    def rows(self, run: RunShape) -> tuple[BranchRow, ...]:
        """Self-attention, cross-attention and MLPs."""
        return (
            *kind_row(run, "self-attn", "self-attention", ("attn",)),
            *kind_row(run, "cross-attn", "cross-attention", ("cross",)),
            *kind_row(run, "MLP", "MLPs, always computed", ("mlp",)),
        )

    def windows(self, run: RunShape) -> tuple[Window, ...]:
        """Where self-attention waits, and where cross-attention is frozen: behind the gate."""
        first, last = self.window
        found = []
        if first <= run.steps and self.interval > 1:
            about = f"self-attention in one step of {self.interval}"
            found.append(Window(about, (first, min(last, run.steps)), ("self-attn",)))
        if self.gate < run.steps:
            about = f"gate after step {self.gate}: cross-attention is frozen"
            found.append(Window(about, (self.gate + 1, run.steps), ("cross-attn",)))
        return tuple(found)


register(
    MethodKind(
        name="tgate",
        title="T-GATE",
        description="Cross-attention converges to a fixed point early: text plans the scene in the first steps "
        "and matters little afterwards. From the gate step on its output is frozen. Before the gate, "
        "self-attention is the part that can wait, and is computed only every k-th step. MLPs are always "
        "computed.",
        source="Zhang et al. 2024, arXiv 2404.02747; video version in VideoSys, branch exp/tgate_deltadit",
        config=TGATEConfig,
        build=Scheduled,
        order=13,
        fields=(
            Field("gate", "Gate after step", "Cross-attention is frozen in all later steps."),
            Field("window", "Self-attention window", "Steps; outside of them it is always computed."),
            Field(
                "interval",
                "Computed: one step in",
                "Within the window, beginning with its first step.",
            ),
        ),
        attention=True,
    )
)
