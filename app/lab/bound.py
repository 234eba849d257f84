"""The bound over several recordings: no schedules, chosen freely for each of them, lie below it on the mean.

Means add up recording by recording, so the lower convex hull of the mean is the sum of the recordings' hulls.
"""

import itertools
from collections.abc import Callable

from app.lab.optimal import optimal_schedules
from app.lab.recording import Recording

Point = tuple[float, float]  # speedup, error


def mean_bound(recordings: list[Recording], poll: Callable[[], None] = lambda: None) -> list[Point]:
    """Corners of the least mean error for every mean speedup, slowest first; `poll` may break it off."""
    hulls = [
        lower_hull([(b.speedup, b.error) for b in optimal_schedules(recording, poll)]) for recording in recordings
    ]
    edges = sorted(
        ((x1 - x0, y1 - y0) for hull in hulls for (x0, y0), (x1, y1) in itertools.pairwise(hull)),
        key=lambda edge: edge[1] / edge[0],
    )
    x, y = sum(hull[0][0] for hull in hulls), sum(hull[0][1] for hull in hulls)
    corners = [(x, y)]
    for dx, dy in edges:
        x, y = x + dx, y + dy
        corners.append((x, y))
    return [(x / len(hulls), y / len(hulls)) for x, y in corners]


def lower_hull(points: list[Point]) -> list[Point]:
    """Corners of the lower convex hull, from the leftmost point to the rightmost."""
    hull: list[Point] = []
    for x, y in sorted(points):
        if hull and hull[-1][0] == x:
            continue
        while len(hull) > 1 and _slope(hull[-2], hull[-1]) >= _slope(hull[-1], (x, y)):
            hull.pop()
        hull.append((x, y))
    return hull


def _slope(left: Point, right: Point) -> float:
    return (right[1] - left[1]) / (right[0] - left[0])
