"""Signal comparison: how far signals tell videos apart, and whether they tell what the videos really need.

Over recorded baselines: the spread of a signal's mean between videos, and its rank correlation with the steps that
each video needs, measured by generating it in fewer steps (Fig. 2, left).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

import numpy as np

from app.caching.latent_signals import LATENT_SIGNALS, LatentSignal
from app.lab.figures import Curve, Figure
from app.lab.latent_signals import between_steps
from app.lab.prediction_fit import spearman
from app.lab.recording import Recording

RESIDUAL = "recorded residual"
GOOD_DB = 40.0  # a video needs as many steps as reach this PSNR
LEAST = 3  # videos for a correlation


@dataclass(frozen=True)
class SignalRow:
    """One signal over some videos."""

    signal: str
    spread: float  # the largest mean over a run, over the smallest
    correlation: float | None  # of the mean with the steps needed; none where too few videos were measured


def signal_figure(recordings: Sequence[Recording]) -> Figure:
    """Every signal from step to step, one curve a recording; a ValueError where one keeps no velocities."""
    quantities = (RESIDUAL, *LATENT_SIGNALS)
    curves = tuple(
        Curve(r.prompt, r.seed, {q: signal_values(r, q) for q in quantities}, tuple(range(1, r.steps + 1)))
        for r in recordings
    )
    return Figure("Signals from step to step, l2 but for the residual", quantities, curves)


def compare_signals(recordings: Sequence[Recording], needed: Mapping[tuple[str, int], float]) -> list[SignalRow]:
    """A row a signal; `needed`: the steps that a video needs, by prompt and seed, where they are known."""
    known = [(r.prompt, r.seed) in needed for r in recordings]
    wanted = np.array([needed[r.prompt, r.seed] for r in recordings if (r.prompt, r.seed) in needed])
    rows = []
    for name in (RESIDUAL, *LATENT_SIGNALS):
        means = np.array([mean(v for v in signal_values(r, name) if v is not None) for r in recordings])
        told = len(wanted) >= LEAST and len(set(wanted.tolist())) > 1
        correlation = spearman(means[known], wanted) if told else None
        rows.append(SignalRow(name, float(means.max() / means.min()), correlation))
    return rows


def steps_needed(figure: Figure, db: float = GOOD_DB) -> dict[tuple[str, int], float]:
    """The steps at which each video of a figure of fewer steps reaches a PSNR, between measured ones on a line.

    A video that never does counts with the most steps that were measured.
    """
    needed = {}
    for curve in figure.curves:
        measured = [(x, v) for x, v in zip(curve.x, curve.values["psnr_db"], strict=True) if v is not None]
        needed[curve.prompt, curve.seed] = _crossing(measured, db)
    return needed


def signal_values(recording: Recording, name: str) -> tuple[float | None, ...]:
    """A signal of a recorded run, each step against the one before."""
    if name == RESIDUAL:
        return (None, *(recording.distance(step, 1) for step in range(2, recording.steps + 1)))
    signal: LatentSignal = next(signal for signal in LATENT_SIGNALS if signal == name)
    return between_steps(recording, signal)


def _crossing(measured: Sequence[tuple[int, float]], db: float) -> float:
    at, before = measured[0]
    if before >= db:
        return float(at)
    for x, value in measured[1:]:
        if value >= db:
            return at + (x - at) * (db - before) / (value - before)
        at, before = x, value
    return float(at)
