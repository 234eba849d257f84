"""Motion fit: the reference and window with which motion regularisation suits a model, from its recordings.

The published constants are those of Open-Sora's temporal attention; elsewhere they mean "never" or "always skip".
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import mean, median

import numpy as np

from app.caching.methods.adacache import AdaCacheConfig
from app.caching.motion import MotionRegularisation, default_window
from app.lab.recording import Recording
from app.lab.simulate import measure, simulate

REFERENCES = 48  # tried, evenly in ratio, between a quarter of the least motion and four times the greatest
SETTLED = 2.0  # times the median change from step to step: where more changes, the motion is that of the noise
FEWEST = 4  # steps of a window; below, the released code's is taken


def fitted_motion(
    recordings: Sequence[Recording], method: AdaCacheConfig, own: MotionRegularisation
) -> MotionRegularisation | None:
    """The model's motion regularisation with its reference and window set; none where no motion was recorded.

    The reference is that with which `method` computes as many steps as without: regularisation then moves compute
    to videos and steps that move more, and adds none.
    """
    scores = [motion_scores(recording, replace(method, motion=own)) for recording in recordings]
    steps = min(map(len, scores))
    typical = [mean(series[step] for series in scores) for step in range(steps)]
    if not typical or min(typical) <= 0:
        return None
    window = settled_window(typical)
    wanted = mean(len(simulate(recording, method).computed) for recording in recordings)
    found: list[tuple[float, float]] = []
    for reference in np.geomspace(min(typical) / 4, max(typical) * 4, REFERENCES):
        fitted = replace(own, reference=float(f"{reference:.4g}"), window=window)
        tried = replace(method, motion=fitted)
        computed = mean(len(simulate(recording, tried).computed) for recording in recordings)
        found.append((abs(computed - wanted), fitted.reference))
    least = min(off for off, _ in found)
    nearest = [reference for off, reference in found if off == least]
    return replace(own, reference=nearest[len(nearest) // 2], window=window)


def motion_scores(recording: Recording, method: AdaCacheConfig) -> list[float]:
    """The motion of a recording in every step, the mean over its probes; empty where it has too few frames."""
    scores = []
    for step in range(1, recording.steps + 1):
        measured = [m.motion for m in measure(recording, method, step, ()) if m.motion is not None]
        if not measured:
            return []
        scores.append(mean(measured))
    return scores


def settled_window(typical: Sequence[float]) -> tuple[int, int]:
    """The longest stretch of steps, counted from 1, between which the motion changes no more than it usually does.

    >>> settled_window([0.9, 0.5, 0.30, 0.29, 0.28, 0.27, 0.26, 0.25, 0.10])
    (3, 8)
    """
    changes = [abs(after - before) / before for before, after in pairwise(typical)]
    usual = SETTLED * median(changes) if changes else 0.0
    best = start = 0
    longest = (1, 1)
    for at, change in enumerate(changes, start=1):
        if change > usual:
            start = at
        elif at - start > best:
            best, longest = at - start, (start + 1, at + 1)
    return longest if best + 1 >= FEWEST else default_window(len(typical))
