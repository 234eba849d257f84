"""The table of a comparison: a point a method with its means and their spread over prompts and seeds.

Quality is measured against the baseline's video and, where the model has the solver, against a converged
reference, from which the baseline itself is away by some error.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import mean, median
from typing import Any

import numpy as np

from app.common.journal import Row
from app.common.tables import aligned
from app.evaluation.classifier.scores import accuracy
from app.evaluation.comparison.plan import BASELINE, families
from app.metrics.registry import Metric, Quality, metrics

RESAMPLES = 2000
WORST = 10  # per cent: the worst decile is this percentile, from the bad side
Interval = tuple[float, float]


@dataclass(frozen=True)
class Point:
    """A method over all its runs; everything but the speedup is a mean over them."""

    name: str
    family: str  # empty for the baseline
    runs: int
    speedup: float  # baseline's seconds over its own: the median over the runs, which a disturbed one cannot move
    speedups: Interval  # its quartiles: half of the runs lie between
    computed_fraction: float
    tflops: float | None
    peak_cache_bytes: float
    quality: Quality  # against the baseline's video
    worst: Quality  # its worst decile
    interval: dict[str, Interval]  # 95 % bootstrap intervals of the means in `quality`
    mse: float  # mean square error of pixels on [0, 1]
    converged: Quality | None  # against the converged reference
    judge: dict[str, float]
    settings: dict[str, Any] | None
    motion: bool
    schedules: list[dict[str, Any]]  # a run each: prompt, seed, computed steps of how many, quality, video

    @property
    def judge_accuracy(self) -> float | None:
        """Mean over object, background, motion and speed."""
        return mean(self.judge.values()) if self.judge else None


def points(rows: Sequence[Row]) -> list[Point]:
    """Points by family and speedup, the baseline first."""
    by_name: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_name[row["method"]].append(row)
    order = {family: place for place, family in enumerate(families())}
    found = [_point(name, runs) for name, runs in by_name.items()]
    return sorted(found, key=lambda p: (order.get(p.family, -1), p.speedup))


def to_json(all_points: Sequence[Point], about: dict[str, Any]) -> dict[str, Any]:
    """What the Compare room and other programs read."""
    return {"about": about, "points": [asdict(point) for point in all_points]}


def to_text(all_points: Sequence[Point]) -> str:
    """The table for a terminal."""
    lines = cells(all_points)
    return aligned(lines, right=range(2, len(lines[0])))


def cells(all_points: Sequence[Point]) -> list[list[str]]:
    """Head and lines of the table as text; the columns of quality are the registered metrics'."""
    first, *others = metrics().values()
    own = [first.title, "95 %", "worst decile", *(metric.title for metric in others)]
    head = ["family", "method", "speedup", "computed", "TFLOPs", *own]
    if any(point.converged for point in all_points):
        head.append(f"{first.title} to converged")
    return [[*head, "judge", "runs"], *(_cells(point, first, others, len(head)) for point in all_points)]


def described(about: Mapping[str, Any]) -> str:
    """One paragraph on what was measured."""
    runs = f"{_several(about['prompts'], 'prompt')} x {_several(len(about['seeds']), 'seed')}"
    settings = f"{about['steps']} steps, guidance {about['guidance']:g}, {about['device']}, {about['date']}"
    return (
        f"{about['title']}, {runs}, {settings}. Speedup: time of the denoising loop of the baseline over that of "
        "the method, denoised side by side in one process, each step at the median of its kind; the median over "
        "runs. Quality against the baseline's video; the worst decile is over prompts and seeds, the interval a "
        "bootstrap over them."
    )


def bootstrap(values: Sequence[float], seed: int = 0) -> Interval:
    """95 % interval of the mean of values, by resampling them with replacement; the same for the same values."""
    random = np.random.default_rng(seed)
    sample = random.choice(np.asarray(values, float), (RESAMPLES, len(values)))
    low, high = np.percentile(sample.mean(axis=1), (2.5, 97.5))
    return float(low), float(high)


def worst_decile(values: Sequence[float], metric: Metric) -> float:
    """The value that nine of ten runs are better than."""
    return float(np.percentile(values, WORST if metric.better == "higher" else 100 - WORST))


def _quartiles(values: Sequence[float]) -> Interval:
    low, high = np.percentile(values, (25, 75))
    return float(low), float(high)


def _several(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _point(name: str, runs: list[Row]) -> Point:
    counted = [row["tflops"] for row in runs]
    quality = {id: [row["quality"].get(id) for row in runs] for id in metrics()}
    known = {id: values for id, values in quality.items() if None not in values}
    speedups = [row["baseline_seconds"] / row["seconds"] for row in runs]
    return Point(
        name=name,
        family=runs[0]["family"],
        runs=len(runs),
        speedup=median(speedups),
        speedups=_quartiles(speedups),
        computed_fraction=mean(row["computed_fraction"] for row in runs),
        tflops=None if None in counted else mean(counted),
        peak_cache_bytes=mean(row["peak_cache_bytes"] for row in runs),
        quality={id: mean(known[id]) if id in known else None for id in metrics()},
        worst={id: worst_decile(known[id], metric) if id in known else None for id, metric in metrics().items()},
        interval={id: bootstrap(values) for id, values in known.items()},
        mse=mean(row["mse"] for row in runs),
        converged=_mean_quality([row["converged"] for row in runs]),
        judge=accuracy(row["judged"] for row in runs if row["judged"] is not None),
        settings=runs[0]["settings"],
        motion=runs[0]["motion"],
        schedules=[
            {
                "prompt": row["prompt"],
                "seed": row["seed"],
                "computed": row["computed_steps"],
                "steps": row["steps"],
                "quality": _rounded(row["quality"]),
            }
            for row in runs
        ],
    )


def _mean_quality(measured: Sequence[Quality | None]) -> Quality | None:
    found = [quality for quality in measured if quality is not None]
    if len(found) < len(measured):
        return None
    values = {id: [quality.get(id) for quality in found] for id in metrics()}
    whole = {id: [value for value in listed if value is not None] for id, listed in values.items()}
    return {id: mean(listed) if len(listed) == len(found) else None for id, listed in whole.items()}


def _rounded(quality: Quality) -> Quality:
    return {id: None if value is None else round(value, 5) for id, value in quality.items()}


def _cells(point: Point, first: Metric, others: Sequence[Metric], columns: int) -> list[str]:
    baseline = point.name == BASELINE
    low, high = point.interval.get(first.id, (0.0, 0.0))
    quality = [
        f"{point.quality[first.id]:.{first.digits}f}",
        f"{low:.1f} to {high:.1f}",
        f"{point.worst[first.id]:.{first.digits}f}",
        *("-" if (value := point.quality[m.id]) is None else f"{value:.{m.digits}f}" for m in others),
    ]
    line = [
        point.family or "Baseline",
        point.name,
        f"{point.speedup:.2f}x",
        f"{100 * point.computed_fraction:.0f} %",
        "-" if point.tflops is None else f"{point.tflops:.4g}",
        *(["-"] * len(quality) if baseline else quality),
    ]
    if len(line) < columns:
        value = point.converged[first.id] if point.converged else None
        line.append("-" if value is None else f"{value:.{first.digits}f}")
    judged = "-" if point.judge_accuracy is None else f"{100 * point.judge_accuracy:.1f} %"
    return [*line, judged, str(point.runs)]
