"""Measurements on probe residuals: the change between two computed steps, the motion between frames.

Both come from three norms, of a difference and of its two terms, so that they can be recorded once and formed
later for any formula and distance. Where several processes share a video, the norms are those of all its tokens.
"""

from typing import Literal, NamedTuple

import torch
from torch import Tensor

from app.caching.sharding import ONE_PROCESS, Sharding

Distance = Literal["l1", "l2", "cosine"]


class Norms(NamedTuple):
    """Norms of a difference and of its terms: before - after of a residual, or earlier - later of its frames."""

    difference: float
    before: float
    after: float
    elements: int


def order_of(metric: Distance) -> int:
    """The norm a distance is formed from."""
    return 1 if metric == "l1" else 2


def norm(tensor: Tensor, order: int) -> float:
    """Norm over everything, computed in float32."""
    return float(tensor.norm(p=order, dtype=torch.float32))


def norms(before: Tensor, after: Tensor, order: int, sharding: Sharding = ONE_PROCESS) -> Norms:
    """Norms over everything, so that one number speaks for the whole batch; computed in float32.

    Where processes share a video, each gives its own tokens, and all of them get the norms over all tokens.
    """
    own = [norm(part, order) for part in (before - after, before, after)]
    if sharding.processes == 1:
        return Norms(own[0], own[1], own[2], before.numel())
    *powers, elements = sharding.total([*(norm**order for norm in own), before.numel()])
    difference, first, second = (power ** (1 / order) for power in powers)
    return Norms(difference, first, second, int(elements))


def frame_norms(residual: Tensor, stride: int, order: int, sharding: Sharding = ONE_PROCESS) -> Norms | None:
    """Norms between frames `stride` apart of (batch, frames, patches, channels); none if there are too few.

    All frames must be here: `sharding.frames_together` brings those of other processes, of a share of the patches.
    """
    if residual.shape[1] <= stride:
        return None
    return norms(residual[:, :-stride], residual[:, stride:], order, sharding)


def change(n: Norms, metric: Distance, *, relative: bool) -> float:
    """Distance between two residuals.

    Relative (released code): the norm of the difference over that of the previous residual. Absolute (Eq. 4): the
    mean norm of an element of the difference, so that a threshold does not depend on the video's size. The cosine
    distance is 1 - cosine similarity in both.
    """
    if metric == "cosine":
        return _cosine(n)
    return _ratio(n.difference, n.before if relative else n.elements ** (1 / order_of(metric)))


def motion(strided: list[Norms | None], metric: Distance, *, relative: bool) -> float:
    """Mean over strides of the distance between frames; NaN where there are too few frames.

    Relative (released code): over the sum of both terms' norms, hence within 0 and 1. Absolute (Eq. 7): the mean
    norm of an element. For the cosine distance, which the released code lacks, 1 - cosine similarity.
    """
    values = []
    for n in strided:
        if n is None:
            return float("nan")
        if metric == "cosine" or not relative:
            values.append(change(n, metric, relative=False))
        else:
            values.append(_ratio(n.difference, n.before + n.after))
    return sum(values) / len(values)


def _cosine(n: Norms) -> float:
    # 1 - cos = (d^2 - (a - b)^2) / (2 a b), which does not cancel where the residuals are nearly equal.
    return _ratio(n.difference**2 - (n.before - n.after) ** 2, 2 * n.before * n.after)


def _ratio(numerator: float, denominator: float) -> float:
    if denominator == 0:
        return float("nan") if numerator == 0 else float("inf")
    return numerator / denominator
