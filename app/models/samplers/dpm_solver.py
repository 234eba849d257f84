"""DPM-Solver++(2M) for rectified flow: a step of second order that evaluates the model once, like Euler's.

Lu et al. 2022 (arXiv 2211.01095), Algorithm 2, in the data prediction. A noisy latent is (1 - s) video + s noise
with s = timestep / 1000, so the signal is 1 - s and half the log signal-to-noise ratio ln((1 - s) / s).
"""

import math
from dataclasses import dataclass

from torch import Tensor

from app.models.samplers.rectified_flow import TIMESTEP_SCALE


@dataclass
class DPMSolver2M:
    """The solver of one run. It remembers the last expected video and how long the step to it was."""

    schedule: tuple[float, ...]
    _earlier: Tensor | None = None
    _earlier_length: float = math.inf  # in the log signal-to-noise ratio; infinite from pure noise

    def advance(self, latent: Tensor, clean: Tensor, step: int) -> Tensor:
        """The latent after `step` (from 1), from the one before it and the clean latent expected of it.

        latent, clean: (1, channels, frames, height, width). The first two steps are of first order: the first has
        nothing before it, and its own length is infinite.
        """
        now = self.schedule[step - 1] / TIMESTEP_SCALE
        following = self.schedule[step] / TIMESTEP_SCALE if step < len(self.schedule) else 0.0
        if following == 0.0:
            return clean
        length = log_ratio(following) - log_ratio(now)
        expected = clean
        if self._earlier is not None and math.isfinite(self._earlier_length):
            expected = clean + (clean - self._earlier) * (length / (2 * self._earlier_length))
        self._earlier, self._earlier_length = clean, length
        return (following / now) * latent + ((1 - following) - (1 - now) * following / now) * expected


def log_ratio(noise: float) -> float:
    """ln of signal over noise; minus infinity at pure noise."""
    return math.log((1 - noise) / noise) if noise < 1 else -math.inf
