"""CachePolicy: a method as a decision over (step, branch), compute or reuse.

Policies hold decisions and scalars; the residuals belong to ResidualCache. Steps count from 1, as upstream.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

from torch import Tensor

from app.caching.branches import FACTORISED, Branch, Layout, all_branches
from app.caching.motion import MotionRegularisation
from app.caching.sharding import ONE_PROCESS, Sharding

# Residuals a policy needs kept: none, the sum of a span of blocks, each branch's, or the whole model's.
Granularity = Literal["nothing", "sum", "branches", "model"]
Plan = Literal["all", "none"] | frozenset[Branch]  # which branches to compute in a step
# What stands in for a residual: the last one, its negative, a forecast of order 1 or 2, a probe-scaled one.
Reuse = Literal["hold", "negate", "forecast", "forecast-2", "probe-scaled"]
# What a policy may ask to see of a step beside residuals: the first block's normed and timestep-modulated input
# (batch, frames, height, width, channels) in patches; the token stream after the first
# block, which is then computed in every step; what the model is given, (batch, channels, frames, height, width),
# and in computed steps its output of the same shape. The batch begins with the conditional half. "guided": see
# `observe_guided`.
Signal = Literal["modulated-input", "first-block", "latent", "output", "guided"]


@dataclass(frozen=True)
class RunShape:
    """What a policy may know of a run before it starts."""

    timesteps: tuple[float, ...]  # one a step, from noise to video
    depth: int  # blocks of each part
    layout: Layout = FACTORISED  # the branches of each block
    motion: MotionRegularisation = MotionRegularisation()  # noqa: RUF009 (frozen); what motion means for the model
    sharding: Sharding = ONE_PROCESS  # which tokens of every residual this process sees
    # Steps in which another transformer takes over: residuals kept so far are not its own.
    restarts: frozenset[int] = frozenset()

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
                "methods that reuse whole steps or blocks run on it, such as AdaCache, Delta-DiT and first-block"
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
    signals: frozenset[Signal] = frozenset()  # what `observe_signal` is shown
    measuring: int = 1  # tensors of the observed one's size that measuring it forms: the difference in `norms`

    @property
    def reuse(self) -> Reuse:
        """What a reused residual is made of."""
        return "hold"

    def start(self, run: RunShape) -> frozenset[Branch]:
        """Begin a run; returns the branches whose residuals `observe` wants to see when computed."""

    def plan(self, step: int) -> Plan:
        """Branches to compute in `step`, counted from 1; all others are reused."""

    def restart(self, step: int) -> None:
        """Forget what was measured of another transformer's residuals; the plan of `step` has to be all."""
        raise ValueError(f"{type(self).__name__} is not made for a model that hands over to a second transformer")

    def span(self, step: int) -> slice:
        """Blocks folded into one tensor, with granularity "sum"; a plan computes all of them or none."""
        return slice(None)

    def keeps(self, branch: Branch) -> bool:
        """Whether a residual just computed may be reused later, with granularity "branches"."""
        return True

    def observe(self, branch: Branch, residual: Tensor) -> None:
        """See a computed residual (batch, frames, patches, channels)."""
        return

    def observe_signal(self, signal: Signal, value: Tensor) -> None:
        """See a signal of the step."""
        return

    def observe_guided(self, latent: Tensor, clean: Tensor) -> None:
        """See the end of a computed step: the latent before it, and the clean one that guidance expects.

        Both (videos, channels, frames, height, width).
        """
        return

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
    a forecast keeps one more of each residual for each order, a probe-scaled reuse two with their probes.
    """
    if policy.granularity in ("nothing", "model"):  # the model's output is a latent, small beside the stream
        return 0
    kept = len(run.branches) if policy.granularity == "branches" else 1
    each = {"hold": 1, "negate": 1, "forecast": 2, "forecast-2": 3, "probe-scaled": 4}[policy.reuse]
    return kept * each + (2 if policy.granularity == "sum" else 0)


def executed(plan: Plan, policy: CachePolicy, run: RunShape) -> Plan:
    """What a plan computes in the end: a probe needs the first block even where everything else is reused."""
    if plan == "none" and probes_first_block(policy):
        return frozenset(all_branches(1, run.layout))
    return plan


def probes_first_block(policy: CachePolicy) -> bool:
    """Whether the first block is computed in every step, for the decision or for the reuse."""
    return "first-block" in policy.signals or policy.reuse == "probe-scaled"


class NoCache(CachePolicy):
    """The baseline: every branch of every step is computed."""

    granularity: Granularity = "nothing"

    def start(self, run: RunShape) -> frozenset[Branch]:
        return frozenset()

    def plan(self, step: int) -> Plan:
        return "all"

    def restart(self, step: int) -> None:
        return
