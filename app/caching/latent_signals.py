"""Latent signals: what AdaCache may measure instead of a residual inside the model, from its guided prediction.

They need no access to the model's blocks, and a recording that keeps velocities answers for all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from torch import Tensor

from app.caching.distances import change, norms
from app.caching.sharding import ONE_PROCESS, Sharding

LatentSignal = Literal[
    "velocity",
    "velocity-length",
    "clean-latent",
    "clean-latent-length",
    "forecast-error",
    "forecast-error-length",
]
LATENT_SIGNALS: tuple[LatentSignal, ...] = get_args(LatentSignal)
TIMES_LENGTH = "-length"  # ends the name of a signal that is multiplied by the length of its step


@dataclass
class LatentSignalProbe:
    """Measures one signal over a run: root mean square change between computed steps.

    velocity: of (clean latent - latent) / noise level, the guided prediction in the units of a flow; clean-latent:
    of the latent that the step expects at the end; forecast-error: of the velocity against the straight line
    through those of the last two computed steps. With -length, times the length of the step in units of an even
    schedule's: how far the change moves the latent.
    """

    signal: LatentSignal
    timesteps: tuple[float, ...]  # from 1000 at noise
    sharding: Sharding = ONE_PROCESS
    _kept: tuple[tuple[int, Tensor], ...] = ()  # of the last computed steps, newest first

    def measure(self, step: int, latent: Tensor, clean: Tensor) -> float | None:
        """The change in a computed step, counted from 1; none as long as nothing is kept to compare with.

        latent, clean: before the step and expected at the end, (batch, channels, frames, height, width).
        """
        now = clean.float()
        if not self.signal.startswith("clean-latent"):
            now = (now - latent.float()) * (1000 / self.timesteps[step - 1])
        kept = self._kept
        self._kept = ((step, now), *kept)[: compared(self.signal)]
        if len(kept) < compared(self.signal):
            return None
        expected = sum(
            (weight * tensor for weight, (_, tensor) in zip(self._weights(step, kept), kept, strict=True)),
            start=now.new_zeros(()),
        )
        distance = change(norms(expected, now, 2, self.sharding), "l2", relative=False)
        return distance * length_factor(self.signal, self.timesteps, step)

    def forget(self) -> None:
        """Keep nothing to compare with."""
        self._kept = ()

    def held_bytes(self) -> int:
        """Bytes of what is kept between steps."""
        return sum(tensor.nbytes for _, tensor in self._kept)

    def _weights(self, step: int, kept: Sequence[tuple[int, Tensor]]) -> tuple[float, ...]:
        return expected_weights(self.timesteps, step, [at for at, _ in kept])


def compared(signal: LatentSignal) -> int:
    """Earlier computed steps that a signal is measured against."""
    return 2 if signal.startswith("forecast-error") else 1


def expected_weights(timesteps: Sequence[float], step: int, kept: Sequence[int]) -> tuple[float, ...]:
    """What the computed steps `kept`, newest first, contribute to what is expected in `step`.

    One is held; through two goes a straight line over the timesteps.

    >>> expected_weights((1000.0, 900.0, 800.0), 3, [2, 1])
    (2.0, -1.0)
    """
    if len(kept) == 1:
        return (1.0,)
    now, last, before = (timesteps[at - 1] for at in (step, *kept))
    ahead = (now - last) / (last - before)
    return 1 + ahead, -ahead


def length_factor(signal: LatentSignal, timesteps: Sequence[float], step: int) -> float:
    """The step's length over that of an even schedule's steps; 1 for signals that do not count it."""
    if not signal.endswith(TIMES_LENGTH):
        return 1.0
    following = (*timesteps, 0.0)[step]
    return (timesteps[step - 1] - following) / timesteps[0] * len(timesteps)
