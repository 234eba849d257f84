"""Rescale: a codebook taken over to another signal, its thresholds times one factor, for the same compute."""

from collections.abc import Callable
from dataclasses import replace
from statistics import mean

import numpy as np

from app.caching.codebook import Codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.lab.objective import OBJECTIVES
from app.lab.recording import Recording
from app.lab.replay import Replay

FACTORS = np.geomspace(1e-3, 1e3, 241)  # of 6 % each


def rescaled(
    recordings: list[Recording],
    before: AdaCacheConfig,
    after: AdaCacheConfig,
    poll: Callable[[], None] = lambda: None,
) -> Codebook:
    """`before`'s codebook for what `after` measures, with as nearly as many computed steps as one factor gives.

    Of factors that compute equally many, the middle one. `poll` is called in between and may raise to break off.
    """
    book = before.codebook
    wanted = _mean_steps(recordings, before, book)
    found = []
    for factor in FACTORS:
        poll()
        scaled = Codebook(tuple(float(f"{t * factor:.4g}") for t in book.thresholds), book.rates)
        found.append((abs(_mean_steps(recordings, after, scaled) - wanted), scaled))
    least = min(off for off, _ in found)
    nearest = [scaled for off, scaled in found if off == least]
    return nearest[len(nearest) // 2]


def _mean_steps(recordings: list[Recording], method: AdaCacheConfig, book: Codebook) -> float:
    """Computed steps a recording, simulated."""
    chosen = replace(method, codebook=book)
    loss = OBJECTIVES["probe"].loss
    return mean(len(Replay(r, chosen, loss(r, method.reuse)).computed(book)) for r in recordings)
