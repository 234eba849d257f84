"""What a schedule is worth: each method against even steps of the same compute and the same reuse, run by run.

A table that gives one family a forecast and the other none compares forecasts. Here a difference is one of
schedules: same reuse, and computed shares at most two per cent apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.caching.method import ReuseOption
from app.evaluation.comparison.table import Interval, Point, bootstrap
from app.metrics.registry import Metric, metrics

EVEN = ("even", "fixed-interval")
SAME_COMPUTE = 0.02  # of the baseline's branches
Key = tuple[str, int]  # prompt and seed


@dataclass(frozen=True)
class Worth:
    """A method minus the even schedule it is held against, in a metric's unit; better is positive."""

    method: str
    even: str
    reuse: ReuseOption
    metric: str
    difference: float  # mean over the runs both have
    interval: Interval  # 95 %, bootstrap over those runs
    worst_decile: float  # difference of the two worst deciles
    compute: float  # computed share of the method minus that of the even schedule


def worth(all_points: Sequence[Point], metric: Metric | None = None) -> list[Worth]:
    """One answer for every whole-stack method that has an even schedule of its compute and reuse beside it."""
    metric = metric or next(iter(metrics().values()))
    found = []
    for point in all_points:
        reuse = _reuse(point)
        if reuse is None or _is_even(point):
            continue
        rivals = [
            even
            for even in all_points
            if _is_even(even)
            and _reuse(even) == reuse
            and abs(even.computed_fraction - point.computed_fraction) <= SAME_COMPUTE
        ]
        if rivals:
            nearest = min(rivals, key=lambda even: abs(even.computed_fraction - point.computed_fraction))
            found.append(_against(point, nearest, reuse, metric))
    return found


def sentences(answers: Sequence[Worth]) -> list[str]:
    """The answers in words, one a method."""
    texts = []
    for answer in answers:
        metric = metrics()[answer.metric]
        low, high = answer.interval
        verdict = "better" if low > 0 else "worse" if high < 0 else "neither better nor worse"
        texts.append(
            f"{answer.method}: {verdict} than {answer.even}, {answer.difference:+.{metric.digits}f} {metric.unit} "
            f"{metric.title} [{low:+.2f}, {high:+.2f}], worst decile {answer.worst_decile:+.2f}, "
            f"computed {100 * answer.compute:+.1f} %"
        )
    return texts


def _against(point: Point, even: Point, reuse: ReuseOption, metric: Metric) -> Worth:
    ours, theirs = _by_run(point, metric.id), _by_run(even, metric.id)
    shared = [key for key in ours if key in theirs]
    sign = 1.0 if metric.better == "higher" else -1.0
    differences = [sign * (ours[key] - theirs[key]) for key in shared]
    worst = [float(np.percentile([sign * side[key] for key in shared], 10)) for side in (ours, theirs)]
    return Worth(
        method=point.name,
        even=even.name,
        reuse=reuse,
        metric=metric.id,
        difference=float(np.mean(differences)),
        interval=bootstrap(differences),
        worst_decile=worst[0] - worst[1],
        compute=point.computed_fraction - even.computed_fraction,
    )


def _by_run(point: Point, metric: str) -> dict[Key, float]:
    runs: list[dict[str, Any]] = point.schedules
    return {(run["prompt"], run["seed"]): run["quality"][metric] for run in runs}


def _is_even(point: Point) -> bool:
    return point.settings is not None and point.settings["name"] in EVEN


def _reuse(point: Point) -> ReuseOption | None:
    """How a whole-stack method reuses; none for those that bring their own, and for other solvers."""
    settings = point.settings or {}
    reuse: ReuseOption | None = settings.get("reuse")
    return None if "solver" in settings else reuse
