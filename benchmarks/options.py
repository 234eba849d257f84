"""Which option tells videos apart: python -m benchmarks.options [--steps 15]

Simulated on the shipped recordings, without generating: every option's thresholds are scaled until so many steps
are computed in the mean. Prints one JSON line for even steps and one for each option: fewest and most computed
steps, mean and least predicted PSNR, and the rank correlation of the computed steps with those that a video needs
(Fig. 2, left).
"""

import argparse
import json
import sys
from collections.abc import Sequence
from statistics import mean

import numpy as np

from app.caching.codebook import Codebook, presets
from app.caching.latent_signals import LatentSignal
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.methods.even_steps import EvenStepsConfig
from app.common.paths import RECORDINGS
from app.lab.gallery import scaled
from app.lab.measured import shipped
from app.lab.prediction import Predictor, predictor
from app.lab.prediction_fit import scale_for, spearman
from app.lab.recording import load_recording
from app.lab.signal_comparison import steps_needed
from app.lab.simulate import simulate
from app.models.registry import card

SCALES = np.geomspace(0.2, 5.0, 90)
RATES = (4, 3, 2, 1)  # of a signal without a codebook of its own, each threshold twice the one before
SIGNALS: tuple[LatentSignal, ...] = ("velocity-length", "clean-latent-length", "forecast-error-length")
LOWEST = 0.05  # threshold of those at the scale 1

Schedules = list[tuple[int, ...]]


def main() -> int:
    """Try all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=float, default=15, help="mean computed steps that are compared")
    wished = parser.parse_args().steps
    recordings = [load_recording(path) for path in sorted(RECORDINGS.glob("*.json"))]
    predictors = [predictor(recording, scale_for(recording.model)) for recording in recordings]
    by_video = steps_needed(shipped("steps", recordings))
    needed = [by_video[recording.prompt, recording.seed] for recording in recordings]
    even = [EvenStepsConfig(round(wished)).steps(recording.steps) for recording in recordings]
    print(json.dumps({"option": "even", **figures(predictors, even, needed)}))
    for name, method in options(recordings[0].model).items():
        found = nearest(predictors, method, wished)
        print(json.dumps({"option": name, **figures(predictors, found, needed)}), flush=True)
    return 0


def options(model: str) -> dict[str, AdaCacheConfig]:
    """The model's codebook without and with motion regularisation, and the latent signals, held."""
    own = AdaCacheConfig(presets()[card(model).codebook].codebook)
    ladder = Codebook(tuple(LOWEST * 2**row for row in range(len(RATES))), RATES)
    signals: dict[str, AdaCacheConfig] = {
        name: AdaCacheConfig(ladder, residual=name, distance="l2") for name in SIGNALS
    }
    return {"codebook": own, "motion": AdaCacheConfig(own.codebook, motion=card(model).motion), **signals}


def nearest(predictors: Sequence[Predictor], method: AdaCacheConfig, wished: float) -> Schedules:
    """The schedules of the scale whose mean comes nearest to the wish."""
    tried = [
        [simulate(predicting.recording, scaled(method, float(scale))).computed for predicting in predictors]
        for scale in SCALES
    ]
    return min(tried, key=lambda schedules: abs(mean(map(len, schedules)) - wished))


def figures(
    predictors: Sequence[Predictor], schedules: Schedules, needed: Sequence[float]
) -> dict[str, float | None]:
    """What is printed of an option; no correlation where all videos compute alike."""
    counts = [len(schedule) for schedule in schedules]
    db = [float(one.db([schedule], "hold")[0]) for one, schedule in zip(predictors, schedules, strict=True)]
    differ = len(set(counts)) > 1
    correlation = spearman(np.array(counts, dtype=float), np.array(needed)) if differ else None
    return {
        "mean_steps": round(mean(counts), 1),
        "fewest": min(counts),
        "most": max(counts),
        "mean_db": round(mean(db), 1),
        "least_db": round(min(db), 1),
        "correlation": None if correlation is None else round(float(correlation), 2),
    }


if __name__ == "__main__":
    sys.exit(main())
