"""CachePolicy: a method as a decision over (step, branch), compute or reuse.

Policies hold decisions and scalars; the residuals belong to ResidualCache. Steps count from 1, as upstream.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

from torch import Tensor

from app.caching.branches import FACTORISED, Branch, Layout, all_branches
from app.caching.motion import MotionRegularisation

Granularity = Literal["nothing", "sum", "branches"]  # residuals a policy needs kept: none, their sum, each one
Plan = Literal["all", "none"] | frozenset[Branch]  # which branches to compute in a step
Reuse = Literal["hold", "negate", "forecast"]  # the last residual, its negative, or extrapolated from the last two


@dataclass(frozen=True)
class RunShape:
    """What a policy may know of a run before it starts."""

    timesteps: tuple[float, ...]  # one a step, from noise to video
    depth: int  # blocks of each part
    layout: Layout = FACTORISED  # the branches of each block
    motion: MotionRegularisation = MotionRegularisation()  # noqa: RUF009 (frozen); what motion means for the model

    def __post_init__(self) -> None:
        if not self.timesteps or self.depth < 1:
            raise ValueError(f"a run needs steps and blocks, got {len(self.timesteps)} and {self.depth}")

    @property
    def steps(self) -> int:
        """Number of denoising steps."""
        return len(self.timesteps)

    @property
    def branches(self) -> list[Branch]:
        """Every branch of the model, in order of execution."""
        return all_branches(self.depth, self.layout)

    def require_attention(self, method: str) -> None:
        """A ValueError for a method that treats attention and MLP apart, where a model shows whole blocks only."""
        if not any(kind == "attn" for _, kind in self.layout):
            raise ValueError(
                f"{method} reuses attention and MLP apart, but of this model only whole blocks can be reused; "
                "AdaCache, Delta-DiT, first-block, fixed-interval and fewer-steps run on it"
            )


@dataclass(frozen=True)
class Decision:
    """What a policy measured and chose in one step; None where it measured nothing.

    distance: raw change of the probe residual since the last computed step; normalised: per step, which formula
    official takes to be as many as the last rate said; motion: frame difference of the probe residual;
    motion_score, motion_gradient: what the regularisation is made of, by the model's constants where it is off;
    the gradient has its sign, formula official adds its absolute value; regularised: the distance looked up;
    rate: steps until the next computed one; row: index of the codebook row that chose the rate.
    """

    distance: float | None = None
    normalised: float | None = None
    motion: float | None = None
    motion_score: float | None = None
    motion_gradient: float | None = None
    regularised: float | None = None
    rate: int | None = None
    row: int | None = None


class CachePolicy(Protocol):
    """A method of acceleration. One object serves one run. Methods inherit what they do not decide."""

    granularity: Granularity
    observes_input: bool = False  # whether `observe_input` is called

    @property
    def reuse(self) -> Reuse:
        """What a reused residual is made of."""
        return "hold"

    def start(self, run: RunShape) -> frozenset[Branch]:
        """Begin a run; returns the branches whose residuals `observe` wants to see when computed."""

    def plan(self, step: int) -> Plan:
        """Branches to compute in `step`, counted from 1; all others are reused."""

    def span(self, step: int) -> slice:
        """Blocks folded into one tensor, with granularity "sum"; a plan computes all of them or none."""
        return slice(None)

    def keeps(self, branch: Branch) -> bool:
        """Whether a residual just computed may be reused later, with granularity "branches"."""
        return True

    def observe(self, branch: Branch, residual: Tensor) -> int:
        """See a computed residual (batch, frames, patches, channels); returns the bytes of working space used."""
        return 0

    def observe_input(self, modulated: Tensor) -> int:
        """See the first block's normed and timestep-modulated input, in every step; returns the bytes used."""
        return 0

    def revise(self, plan: Plan) -> Plan:
        """The plan for the rest of the step, asked after every observation."""
        return plan

    def end_step(self) -> Decision:
        """Decide; called once after every step."""
        return Decision()

    def held_bytes(self) -> int:
        """Bytes of tensors the policy keeps between steps, for the memory account."""
        return 0


def kept_streams(policy: CachePolicy, run: RunShape) -> int:
    """Tensors of the size of the token stream that a run under `policy` holds beside the model's own, at most.

    Folded: the sum, and beside it the probe's last residual and the span's input or a difference while measuring;
    a forecast keeps one more of each residual.
    """
    if policy.granularity == "nothing":
        return 0
    kept = len(run.branches) if policy.granularity == "branches" else 1
    return kept * (2 if policy.reuse == "forecast" else 1) + (2 if policy.granularity == "sum" else 0)


class NoCache(CachePolicy):
    """The baseline: every branch of every step is computed."""

    granularity: Granularity = "nothing"

    def start(self, run: RunShape) -> frozenset[Branch]:
        return frozenset()

    def plan(self, step: int) -> Plan:
        return "all"
