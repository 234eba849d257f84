"""What a cache keeps of one residual between steps, and the residual it gives back in a step that reuses it.

Held as it was (every published method), negated (Delta-DiT as released) or extrapolated (AdaCache+forecast).
"""

from dataclasses import dataclass
from typing import Self

from torch import Tensor

from app.caching.policy import Reuse


@dataclass(frozen=True)
class CachedResidual:
    """The last computed residual with its timestep and, for a forecast, the one computed before it."""

    residual: Tensor
    timestep: float
    earlier: Tensor | None = None
    earlier_timestep: float = 0.0

    @classmethod
    def after(cls, previous: Self | None, residual: Tensor, timestep: float) -> Self:
        """Keep a new residual, and what `previous` held last if it is still needed."""
        if previous is None:
            return cls(residual, timestep)
        return cls(residual, timestep, previous.residual, previous.timestep)

    @property
    def nbytes(self) -> int:
        """Bytes of the tensors: one residual, or two."""
        return self.residual.nbytes + (0 if self.earlier is None else self.earlier.nbytes)

    def reused(self, reuse: Reuse, timestep: float) -> Tensor:
        """The residual for a step at `timestep`.

        A forecast follows the straight line through the two computed ones, d1 + (d1 - d0) (t - t1) / (t1 - t0);
        before there are two, or where both have one timestep, it holds.
        """
        if reuse == "negate":
            return -self.residual
        if reuse == "hold" or self.earlier is None or self.timestep == self.earlier_timestep:
            return self.residual
        ahead = (timestep - self.timestep) / (self.timestep - self.earlier_timestep)
        return self.residual + (self.residual - self.earlier) * ahead
