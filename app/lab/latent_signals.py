"""Latent signals of a recording: what AdaCache would measure on its velocities, over any gap.

The same arithmetic as app/caching/latent_signals.py, on coefficients over the recorded vectors instead of tensors.
"""

import itertools
import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from app.caching.latent_signals import LatentSignal, compared, expected_weights, length_factor
from app.lab.recording import Recording

Array = NDArray[np.float64]
NEEDED = "latent signals need a recording that keeps velocities; record it again"


def latent_change(recording: Recording, signal: LatentSignal, step: int, kept: Sequence[int]) -> float | None:
    """A signal in `step` against the computed steps before it, newest first; none where there are too few."""
    count = compared(signal)
    if len(kept) < count:
        return None
    if recording.velocities is None:
        raise ValueError(NEEDED)
    values = _values(recording.timesteps, signal.startswith("clean-latent"))
    weights = expected_weights(recording.timesteps, step, kept[:count])
    difference = values[step - 1] - sum(
        weight * values[at - 1] for weight, at in zip(weights, kept[:count], strict=True)
    )
    products = recording.velocities.matrix[: recording.steps - 1, : recording.steps - 1]
    square = float(difference @ products @ difference) / recording.velocities.elements
    return math.sqrt(max(square, 0.0)) * length_factor(signal, recording.timesteps, step)


def between_steps(recording: Recording, signal: LatentSignal) -> tuple[float | None, ...]:
    """The signal of an uncached run, step by step."""
    return tuple(
        latent_change(recording, signal, step, range(step - 1, 0, -1)) for step in range(1, recording.steps + 1)
    )


@lru_cache(maxsize=64)
def _values(timesteps: tuple[float, ...], clean: bool) -> Array:
    """(steps, steps - 1): every step's velocity or clean latent as coefficients over the changes of velocity.

    Both less a term that is the same in all steps, the first velocity or first latent's, and so cancels.
    """
    steps = len(timesteps)
    velocity = np.tril(np.ones((steps, steps - 1)), -1)
    if not clean:
        return velocity
    noise = np.array(timesteps) / 1000
    led = np.zeros((steps, steps - 1))
    for before, after in itertools.pairwise(range(steps)):
        led[after] = led[before] + (noise[before] - noise[after]) * velocity[before]
    return led + noise[:, None] * velocity
