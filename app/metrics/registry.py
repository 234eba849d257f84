"""Quality metrics: how close an accelerated video is to a reference of the same prompt and seed.

One file of `app/metrics/quality` is one metric and registers itself; command line, page and tables read it here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Literal

from app.models.base import Frames

Quality = dict[str, float | None]  # a value a metric; none where a metric cannot be computed


@dataclass(frozen=True)
class Metric:
    """A figure of two videos of the same shape, (frames, height, width, 3) in 8 bits."""

    id: str  # key in summary.json, tables and figures
    title: str  # as people write it
    unit: str  # empty where it has none
    digits: int  # after the point
    better: Literal["higher", "lower"]
    description: str  # what it measures, in a sentence
    source: str  # its definition
    function: Callable[[Frames, Frames], float]  # of (reference, video)
    order: int  # place among the metrics; the first one is the one shown where there is room for one
    smallest_side: int = 1  # pixels of the shorter side below which it is not defined

    def __post_init__(self) -> None:
        if self.better not in ("higher", "lower"):
            raise ValueError(f"a metric is better when higher or lower, got {self.better!r}")

    def refusal(self, height: int, width: int) -> str:
        """Why it cannot be computed of frames of this size; empty where it can."""
        if min(height, width) >= self.smallest_side:
            return ""
        side = self.smallest_side
        return f"{self.title} needs frames of at least {side} x {side} pixels, got {height} x {width}"

    def text(self, value: float | None) -> str:
        """A value with its unit; a dash where there is none."""
        return "-" if value is None else f"{value:.{self.digits}f} {self.unit}".rstrip()


_REGISTERED: dict[str, Metric] = {}


def register(metric: Metric) -> Metric:
    """Add a metric; a ValueError where another one has its id."""
    if metric.id in _REGISTERED:
        raise ValueError(f"a metric {metric.id!r} is registered already")
    _REGISTERED[metric.id] = metric
    return metric


def metrics() -> Mapping[str, Metric]:
    """Every registered metric by id, in order."""
    _discover()
    return dict(sorted(_REGISTERED.items(), key=lambda item: (item[1].order, item[0])))


def measure(reference: Frames, video: Frames) -> Quality:
    """All metrics of a video; a ValueError where the shapes differ."""
    if reference.shape != video.shape:
        raise ValueError(f"videos of the same shape are needed, got {reference.shape} and {video.shape}")
    _, height, width, _ = video.shape
    return {
        id: None if metric.refusal(height, width) else metric.function(reference, video)
        for id, metric in metrics().items()
    }


def quality_text(quality: Mapping[str, float | None]) -> str:
    """Measured values in one line, such as "43.3 dB PSNR, 0.995 SSIM"."""
    named = [(metric, quality.get(id)) for id, metric in metrics().items()]
    return ", ".join(f"{metric.text(value)} {metric.title}" for metric, value in named if value is not None)


@cache
def _discover() -> None:
    """Import every file of app/metrics/quality; each registers its metric."""
    package = import_module("app.metrics.quality")
    for module in iter_modules(package.__path__):
        import_module(f"{package.__name__}.{module.name}")
