"""Reuse: what stands in for the residual of a step that is not computed, made from the residuals of earlier steps.

Held as it was, negated (Delta-DiT as released), extrapolated in the timestep, or extrapolated by a probe.
"""

from dataclasses import dataclass
from typing import Self

from torch import Tensor

from app.caching.distances import norms
from app.caching.policy import Reuse
from app.caching.sharding import ONE_PROCESS, Sharding

HISTORY: dict[Reuse, int] = {"hold": 1, "negate": 1, "forecast": 2, "forecast-2": 3, "probe-scaled": 2}
MAX_PROBE_SCALE = 2.0  # DiCache's clip for Wan and most models; its code has 1.5 for HunyuanVideo


@dataclass(frozen=True)
class Computed:
    """One computed residual: of a branch, a span of blocks or the model.

    probe: the residual of the first block in the same step, where the reuse scales by it.
    """

    residual: Tensor
    timestep: float
    probe: Tensor | None = None

    @property
    def nbytes(self) -> int:
        """Bytes of its tensors."""
        return self.residual.nbytes + (0 if self.probe is None else self.probe.nbytes)


@dataclass(frozen=True)
class CachedResidual:
    """The last computed residuals, the newest first, as many as the reuse looks back."""

    history: tuple[Computed, ...]

    def after(self, computed: Computed) -> Self:
        """The same with a new residual in front."""
        return type(self)((computed, *self.history))

    def aged(self, reuse: Reuse) -> Self:
        """Without what a new residual will make useless."""
        return type(self)(self.history[: HISTORY[reuse] - 1])

    @property
    def nbytes(self) -> int:
        """Bytes of all tensors."""
        return sum(computed.nbytes for computed in self.history)

    def reused(
        self, reuse: Reuse, timestep: float, probe: Tensor | None = None, sharding: Sharding = ONE_PROCESS
    ) -> Tensor:
        """The residual for a step at `timestep`; `probe` is its first block's residual, for a probe-scaled reuse.

        Holds the last one as long as too few are there to do better. `sharding`: which tokens the residuals have.
        """
        last = self.history[0]
        if reuse == "negate":
            return -last.residual
        if reuse == "probe-scaled":
            return self._probe_scaled(probe, sharding)
        ahead = timestep - last.timestep
        residual = last.residual
        if reuse in ("forecast", "forecast-2") and (slope := self._slope(0)) is not None:
            residual = residual + slope * ahead
            if reuse == "forecast-2" and (curvature := self._curvature(slope)) is not None:
                residual = residual + curvature * (ahead**2 / 2)
        return residual

    def _slope(self, newest: int) -> Tensor | None:
        """First finite difference in the timestep (TaylorSeer, arXiv 2503.06923); none of a single residual."""
        if len(self.history) < newest + 2:
            return None
        late, early = self.history[newest : newest + 2]
        between = late.timestep - early.timestep
        return None if between == 0 else (late.residual - early.residual) / between

    def _curvature(self, slope: Tensor) -> Tensor | None:
        """Second finite difference: how the slope changed since the computed step before, as TaylorSeer has it."""
        before = self._slope(1)
        if before is None:
            return None
        return (slope - before) / (self.history[0].timestep - self.history[1].timestep)

    def _probe_scaled(self, probe: Tensor | None, sharding: Sharding) -> Tensor:
        """DiCache (arXiv 2508.17356): as far along the line of the last two as the first block has moved along."""
        last = self.history[0]
        if len(self.history) < 2:
            return last.residual
        earlier = self.history[1]
        assert probe is not None
        assert last.probe is not None
        assert earlier.probe is not None
        whole = norms(earlier.probe, last.probe, 1, sharding).difference
        if whole == 0:
            return last.residual
        moved = norms(earlier.probe, probe, 1, sharding).difference
        scale = min(max(moved / whole, 1.0), MAX_PROBE_SCALE)
        return earlier.residual + (last.residual - earlier.residual) * scale
