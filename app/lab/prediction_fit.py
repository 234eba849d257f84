"""Fit of a picture scale: how predicted errors of latents become measured dB, and how well that holds elsewhere.

Everything stated of it is held out: each prompt is predicted by a scale that was chosen and fitted on the others.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.common.files import read_json, write_json
from app.common.paths import PREDICTIONS
from app.lab.pairs import Pair, is_reference
from app.lab.prediction import PictureScale, Predictor, octaves
from app.lab.recording import Recording

Array = NDArray[np.float64]
MAX_BYTES = 10_000_000
SCHEMA = 1
LEAST_PROMPTS = 3
ANSWERS = (-1.0, 0.0, 1.0, 2.0)  # of the model to a unit of error, at the noise and at the video


@dataclass(frozen=True)
class PredictionFit:
    """A model's scale, and the pairs it was measured with, each with its held-out prediction."""

    model: str
    weights: str  # fingerprint of the weights it holds for
    scale: PictureScale
    pairs: tuple[Pair, ...]

    @property
    def correlation(self) -> float:
        """Spearman's rank correlation of held-out predictions with the real PSNR, over all pairs."""
        return spearman(self._predicted, self._real)

    @property
    def mean_error_db(self) -> float:
        """Mean absolute error of held-out predictions."""
        return float(np.abs(self._predicted - self._real).mean())

    @property
    def prompts(self) -> int:
        """Runs, each of another prompt and seed."""
        return len({(pair.prompt, pair.seed) for pair in self.pairs})

    @property
    def _predicted(self) -> Array:
        return np.array([pair.predicted_db for pair in self.pairs], float)

    @property
    def _real(self) -> Array:
        return np.array([pair.real_db for pair in self.pairs], float)

    def to_json(self) -> dict[str, Any]:
        """What a file of it holds; the figures stand beside the pairs they are counted from."""
        measured = {"prompts": self.prompts, "spearman": self.correlation, "mean_error_db": self.mean_error_db}
        named = {"schema": SCHEMA, "model": self.model, "weights": self.weights, "scale": asdict(self.scale)}
        return {**named, "held_out": measured, "pairs": [pair.to_json() for pair in self.pairs]}

    def save(self, path: Path) -> None:
        """Write the fit with its pairs."""
        write_json(path, self.to_json())


def load_fit(path: Path) -> PredictionFit:
    """Read a fit; a ValueError says what is wrong with the file."""
    value: Any = read_json(path, MAX_BYTES)
    try:
        pairs = tuple(Pair.from_json(pair) for pair in value["pairs"])
        return PredictionFit(value["model"], value["weights"], PictureScale(**value["scale"]), pairs)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path.name}: not a fit of predictions ({error})") from None


@cache
def shipped_fit(model: str) -> PredictionFit | None:
    """The fit that ships for a model; none where it was not measured."""
    path = PREDICTIONS / f"{model}.json"
    return load_fit(path) if path.is_file() else None


def scale_for(model: str) -> PictureScale:
    """A model's fitted scale, or one that rests on each recording's reference run alone."""
    fit = shipped_fit(model)
    return PictureScale() if fit is None else fit.scale


def fit_predictions(
    model: str, weights: str, pairs: Sequence[Pair], recordings: Sequence[Recording]
) -> PredictionFit:
    """Choose the answers and fit the line on all prompts; what is stated is predicted from the other prompts.

    Reference runs are left out: their recordings keep their PSNR.
    """
    by_run = {(recording.prompt, recording.seed): recording for recording in recordings}
    pairs = [p for p in pairs if not is_reference(by_run[p.prompt, p.seed], p.computed, p.reuse)]
    groups = np.array([list(by_run).index((pair.prompt, pair.seed)) for pair in pairs])
    if len(set(groups.tolist())) < LEAST_PROMPTS:
        count = len(set(groups.tolist()))
        raise ValueError(f"predictions are fitted on at least {LEAST_PROMPTS} prompts, got {count}")
    real = np.array([pair.real_db for pair in pairs])
    tables = {
        (early, late): Table.of(pairs, by_run, PictureScale(early=early, late=late))
        for early in ANSWERS
        for late in ANSWERS
    }
    held_out = np.empty(len(pairs))
    for group in set(groups.tolist()):
        out = groups == group
        chosen, scale = _best(tables, real, ~out)
        held_out[out] = tables[chosen].predicted(scale)[out]
    _, scale = _best(tables, real, np.ones(len(pairs), bool))
    predicted = tuple(
        replace(pair, predicted_db=float(value)) for pair, value in zip(pairs, held_out.tolist(), strict=True)
    )
    off = float(np.abs(held_out - real).mean())
    return PredictionFit(model, weights, replace(scale, uncertainty_db=off), predicted)


@dataclass(frozen=True)
class Table:
    """What a line is fitted to: a row a pair, for one choice of the model's answers."""

    scale: PictureScale
    errors: Array  # predicted, in dB, less that of the recording's reference run
    octaves: Array  # of the computed steps, from the reference run's
    extrapolated: Array  # 1 where the reuse extrapolates
    anchors: Array  # the reference run's measured PSNR

    @classmethod
    def of(cls, pairs: Sequence[Pair], by_run: dict[tuple[str, int], Recording], scale: PictureScale) -> "Table":
        """Predict the errors of all pairs."""
        predictors = {run: Predictor(recording, scale) for run, recording in by_run.items()}
        rows = []
        for pair in pairs:
            found = predictors[pair.prompt, pair.seed]
            velocities = found.recording.velocities
            assert velocities is not None
            error = found.errors_db([pair.computed], pair.reuse)[0] - found.reference_error_db
            more = octaves(pair.computed, found.recording)
            rows.append((error, more, float(pair.reuse != "hold"), velocities.reference_db))
        return cls(scale, *np.array(rows).T)

    def line(self, real: Array, rows: NDArray[np.bool_]) -> PictureScale:
        """The scale whose line fits the chosen rows best, by least squares."""
        columns = np.stack([-self.errors, self.octaves, self.extrapolated], axis=1)
        slope, octave, extrapolated = np.linalg.lstsq(columns[rows], (real - self.anchors)[rows], rcond=None)[0]
        return replace(
            self.scale,
            slope=min(max(float(slope), 0.01), 10.0),
            db_per_octave=float(octave),
            db_extrapolated=float(extrapolated),
        )

    def predicted(self, scale: PictureScale) -> Array:
        """PSNR of every pair by a line."""
        return (
            self.anchors
            - scale.slope * self.errors
            + scale.db_per_octave * self.octaves
            + scale.db_extrapolated * self.extrapolated
        )


def spearman(one: Array, other: Array) -> float:
    """Rank correlation; equal values share the mean of their ranks."""
    return float(np.corrcoef(_ranks(one), _ranks(other))[0, 1])


def _best(
    tables: dict[tuple[float, float], Table], real: Array, rows: NDArray[np.bool_]
) -> tuple[tuple[float, float], PictureScale]:
    """The answers whose line is off least on the chosen rows, and that line."""
    lines = {answers: table.line(real, rows) for answers, table in tables.items()}

    def off(answers: tuple[float, float]) -> float:
        return float(np.abs(tables[answers].predicted(lines[answers]) - real)[rows].mean())

    chosen = min(lines, key=off)
    return chosen, lines[chosen]


def _ranks(values: Array) -> Array:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    middle: Array = last - (counts - 1) / 2
    return middle[inverse]
