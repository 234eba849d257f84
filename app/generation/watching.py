"""PairWatcher: what looks at a pair while it is denoised and leaves a file beside the videos.

It is called between steps, where no side's clock runs: what it does costs the visitor time, not a side seconds.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from torch import Tensor

from app.caching.policy import CachePolicy
from app.generation.denoiser import Denoiser
from app.generation.request import Request
from app.generation.trace import Side
from app.metrics.registry import Quality


class PairWatcher(Protocol):
    """Sees a pair whose baseline is made in this run."""

    @property
    def policy(self) -> CachePolicy:
        """Of the baseline: it computes everything, and sees the residuals it asks for."""

    def saw(self, side: Side, before: Tensor, after: Tensor, clean: Tensor) -> None:
        """A step of a side: the latents around it and the clean one it expected, all of one shape."""

    def keep(self, folder: Path, denoisers: Mapping[Side, Denoiser], quality: Quality) -> None:
        """Both sides are done and measured against each other: write what is kept, atomically."""


Watch = Callable[[Request], PairWatcher | None]


def unwatched(request: Request) -> PairWatcher | None:
    """Nobody looks."""
    return None
