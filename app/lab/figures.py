"""Figures of the paper from recordings: what changes from step to step, and what moves, one curve a prompt.

Fig. 2 (right): feature distance between subsequent steps. Fig. A.1: motion score and motion gradient.
"""

import csv
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, Self

from app.caching.distances import motion
from app.lab.recording import Recording


@dataclass(frozen=True)
class Curve:
    """One recording's values; `values[quantity][i]` at `x[i]`, none where there is none."""

    prompt: str
    seed: int
    values: dict[str, tuple[float | None, ...]]
    x: tuple[int, ...]


@dataclass(frozen=True)
class Figure:
    """A figure as data; `x` says what its curves run over."""

    title: str
    quantities: tuple[str, ...]
    curves: tuple[Curve, ...]
    x: str = "step"

    def to_json(self) -> dict[str, Any]:
        """The figure with one list a curve and quantity."""
        curves = [
            {"prompt": c.prompt, "seed": c.seed, "x": list(c.x), **{q: list(c.values[q]) for q in c.values}}
            for c in self.curves
        ]
        return {"title": self.title, "x": self.x, "quantities": list(self.quantities), "curves": curves}

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what was written as JSON."""
        value = json.loads(path.read_text())
        quantities = tuple(value["quantities"])
        curves = (
            Curve(c["prompt"], c["seed"], {q: tuple(c[q]) for q in quantities}, tuple(c["x"]))
            for c in value["curves"]
        )
        return cls(value["title"], quantities, tuple(curves), value["x"])

    def to_csv(self) -> str:
        """One row a curve and x."""
        text = StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(["prompt", "seed", self.x, *self.quantities])
        for curve in self.curves:
            for x, values in zip(
                curve.x, zip(*(curve.values[q] for q in self.quantities), strict=True), strict=True
            ):
                rows.writerow([curve.prompt, curve.seed, x, *("" if v is None else f"{v:.6g}" for v in values)])
        return text.getvalue()


def distance_figure(recordings: list[Recording]) -> Figure:
    """Relative l1 change of the probe residual between subsequent steps (Fig. 2, right)."""

    def values(recording: Recording) -> dict[str, tuple[float | None, ...]]:
        later = (recording.distance(step, 1) for step in range(2, recording.steps + 1))
        return {"distance": (None, *later)}

    return _figure("Feature distance between subsequent steps (Fig. 2, right)", ("distance",), values, recordings)


def motion_figure(recordings: list[Recording]) -> Figure:
    """Relative l1 difference between neighbouring frames, and its change from step to step (Fig. A.1)."""

    def values(recording: Recording) -> dict[str, tuple[float | None, ...]]:
        frames = recording.probes[-1].frames[1][1]
        scores = tuple(motion([cell], "l1", relative=True) for cell in frames)
        gradients = (later - earlier for earlier, later in itertools.pairwise(scores))
        return {"score": scores, "gradient": (None, *gradients)}

    title = "Motion score and motion gradient (Fig. A.1)"
    return _figure(title, ("score", "gradient"), values, recordings)


def _figure(
    title: str,
    quantities: tuple[str, ...],
    values: Callable[[Recording], dict[str, tuple[float | None, ...]]],
    recordings: list[Recording],
) -> Figure:
    if not recordings:
        raise ValueError("a figure needs at least one recording")
    curves = tuple(Curve(r.prompt, r.seed, values(r), tuple(range(1, r.steps + 1))) for r in recordings)
    return Figure(title, quantities, curves)
