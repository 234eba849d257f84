"""Predicted picture: how far a schedule's video ends from the baseline's, from one recording, for any reuse.

A reused step has the velocity that its reuse makes of earlier ones, hence an error. It moves the latent, and the
model answers: mostly it corrects, in some videos errors grow. The answer is taken from the recording's reference
run, as a linear map of rank one around each of its computed steps; all else is forgotten at one rate.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from app.common.validation import number
from app.lab.recording import Recording
from app.lab.velocities import VelocityRecording, after_reuse, check_schedule

Array = NDArray[np.float64]
Steps = Sequence[int]
Reuse = Literal["hold", "forecast", "forecast-2", "probe-scaled"]
REUSES: tuple[Reuse, ...] = get_args(Reuse)
MAX_PROBE_SCALE = 2.0
LEAST = 1e-6  # share of the reference run's error below which errors are rounding


@dataclass(frozen=True)
class PictureScale:
    """From errors of latents to dB of a model's videos; the defaults rest on the reference run alone."""

    # What the model answers to a unit of error along what the reference run does not tell, at the noise and at the
    # video; -1 where it keeps pointing at one video.
    early: float = -1.0
    late: float = -1.0
    slope: float = 1.0  # dB of PSNR for each dB of the latent's error
    db_per_octave: float = 0.0  # more for each doubling of the computed steps, from those of the reference run
    db_extrapolated: float = 0.0  # more where the reuse extrapolates
    uncertainty_db: float | None = None  # mean absolute error on prompts it was not fitted on; none if unknown

    def __post_init__(self) -> None:
        number("early answer", self.early, -10, 10)
        number("late answer", self.late, -10, 10)
        number("slope", self.slope, 0.01, 10)
        number("dB an octave", self.db_per_octave, -100, 100)
        number("dB of extrapolation", self.db_extrapolated, -100, 100)
        if self.uncertainty_db is not None:
            number("uncertainty", self.uncertainty_db, 0, 1000)


@dataclass(frozen=True)
class Predictor:
    """A recording ready for predictions; vectors are coefficients over those of its VelocityRecording."""

    recording: Recording
    scale: PictureScale
    _known_weights: dict[tuple[tuple[int, ...], int, Reuse], tuple[float, ...]] = field(default_factory=dict)

    def db(self, schedules: Sequence[Steps], reuse: Reuse) -> Array:
        """Predicted PSNR to the baseline in dB, one a schedule of computed steps."""
        velocities, scale = self._velocities, self.scale
        more = np.array([octaves(schedule, self.recording) for schedule in schedules])
        extrapolated = (reuse != "hold") - (velocities.reuse != "hold")
        return (
            velocities.reference_db
            - scale.slope * (self.errors_db(schedules, reuse) - self.reference_error_db)
            + scale.db_per_octave * more
            + scale.db_extrapolated * extrapolated
        )

    def errors(self, schedules: Sequence[Steps], reuse: Reuse) -> Array:
        """Predicted length of the error of the finished latent, one a schedule."""
        ended = np.array([self._ended(schedule, reuse) for schedule in schedules])
        return np.sqrt(np.maximum(((ended @ self._products) * ended).sum(axis=1), 0))

    def errors_db(self, schedules: Sequence[Steps], reuse: Reuse) -> Array:
        """The same in dB, nothing below what is rounding."""
        least = LEAST * max(self._velocities.reference_error, 1e-12)
        return 20 * np.log10(np.maximum(self.errors(schedules, reuse), least))

    def worth(self) -> Array:
        """The gain up to the end of an error made in each step, by holding the velocity of the step before."""
        steps = self.recording.steps
        schedules = [[step for step in range(1, steps + 1) if step != wrong] for wrong in range(2, steps + 1)]
        made = np.sqrt(np.diag(self._products)[: steps - 1]) * self._lengths[1:]
        return np.concatenate([[0.0], self.errors(schedules, "hold") / np.maximum(made, 1e-30)])

    @cached_property
    def reference_error_db(self) -> float:
        """What is predicted of the reference run itself."""
        reference = self._velocities.reference(self.recording.steps)
        return float(self.errors_db([reference], self._velocities.reuse)[0])

    @cached_property
    def _velocities(self) -> VelocityRecording:
        if self.recording.velocities is None:
            raise ValueError(CANNOT)
        return self.recording.velocities

    @cached_property
    def _products(self) -> Array:
        return self._velocities.matrix

    @cached_property
    def _lengths(self) -> Array:
        """Length of each step, in units of the whole way from noise to video."""
        return -np.diff((*self.recording.timesteps, 0.0)) / 1000

    @cached_property
    def _answers(self) -> Array:
        """(steps, vectors, vectors): maps an error of the latent before a step to one of its velocity."""
        steps, products = self.recording.steps, self._products
        size = len(products)
        measured = after_reuse(self._velocities.reference(steps))
        drift = {step: steps - 1 + index for index, step in enumerate(measured)}
        noise = np.array(self.recording.timesteps) / 1000
        free = self.scale.early * noise + self.scale.late * (1 - noise)
        maps = free[:, None, None] * np.eye(size)
        for step in range(1, steps + 1):
            for near, share in neighbours(measured, step):
                own = drift[near]
                if products[own, own] <= 0:
                    continue
                along = share * products[own] / products[own, own]  # how much of an error lies along the drift
                maps[step - 1][:, own + len(measured)] += along
                maps[step - 1][:, own] -= free[step - 1] * along
        return maps

    @cached_property
    def _baseline(self) -> Array:
        """(steps, vectors): the baseline's velocities, less the first one's."""
        steps = self.recording.steps
        return np.tril(np.ones((steps, len(self._products))), -1) * (np.arange(len(self._products)) < steps - 1)

    @cached_property
    def _apart(self) -> Array:
        """(steps, steps): how far the baseline's velocities are apart, for a reuse scaled by a probe."""
        inner = self._baseline @ self._products @ self._baseline.T
        squares = np.diag(inner)
        return np.sqrt(np.maximum(squares[:, None] + squares - 2 * inner, 0))

    @cached_property
    def _travelled(self) -> Array:
        """(steps + 1, vectors): how far the baseline's velocities, less the first, have led before each step."""
        led = np.cumsum(self._lengths[:, None] * self._baseline, axis=0)
        return np.concatenate([np.zeros((1, led.shape[1])), led])

    def _ended(self, computed: Steps, reuse: Reuse) -> Array:
        """The error of the finished latent, from one computed step to the next; (vectors,)."""
        check_schedule(computed, self.recording.steps)
        error = np.zeros(len(self._products))
        at: Steps = ()
        velocities: list[Array] = []
        for step, following in itertools.pairwise((*computed, self.recording.steps + 1)):
            velocity = self._baseline[step - 1] + error @ self._answers[step - 1]
            at, velocities = (step, *at[:2]), [velocity, *velocities[:2]]
            error = error - (self._travelled[following - 1] - self._travelled[step - 1])
            for weight, kept in zip(self._weights(at, following, reuse), velocities, strict=True):
                error = error + weight * kept
        return error

    def _weights(self, at: tuple[int, ...], following: int, reuse: Reuse) -> tuple[float, ...]:
        """What each of the last computed steps, newest first, contributes to the way up to the `following` one."""
        key = (at, following, reuse)
        if key not in self._known_weights:
            total = self._lengths[at[0] - 1] * np.eye(len(at))[0]
            for step in range(at[0] + 1, following):
                total = total + self._lengths[step - 1] * self._shares(at, step, reuse)
            self._known_weights[key] = tuple(total.tolist())
        return self._known_weights[key]

    def _shares(self, at: tuple[int, ...], step: int, reuse: Reuse) -> Array:
        """What a reuse makes of the last computed steps in `step`; app.caching.reuse says the same of tensors."""
        held = np.eye(len(at))
        t = [self.recording.timesteps[computed - 1] for computed in at]
        if reuse == "hold" or len(at) < 2 or t[0] == t[1]:
            return held[0]
        if reuse == "probe-scaled":
            whole = self._apart[at[0] - 1, at[1] - 1]
            scale = self._apart[step - 1, at[1] - 1] / whole if whole > 0 else 1.0
            return held[1] + (held[0] - held[1]) * min(max(scale, 1.0), MAX_PROBE_SCALE)
        slope = (held[0] - held[1]) / (t[0] - t[1])
        ahead = self.recording.timesteps[step - 1] - t[0]
        forecast = held[0] + slope * ahead
        if reuse == "forecast-2" and len(at) > 2 and t[1] != t[2]:
            before = (held[1] - held[2]) / (t[1] - t[2])
            forecast = forecast + (slope - before) / (t[0] - t[1]) * ahead**2 / 2
        return forecast


CANNOT = (
    "this recording keeps no velocities, so no picture can be predicted from it; record it again "
    "with a model whose sampler is an Euler flow"
)


def predictor(recording: Recording, scale: PictureScale = PictureScale()) -> Predictor:
    """The predictor of a recording; a ValueError where the recording keeps no velocities."""
    if recording.velocities is None:
        raise ValueError(CANNOT)
    return Predictor(recording, scale)


def octaves(computed: Steps, recording: Recording) -> float:
    """Doublings from the computed steps of the reference run to those of a schedule."""
    if recording.velocities is None:
        raise ValueError(CANNOT)
    return math.log2(len(computed) / len(recording.velocities.reference(recording.steps)))


def neighbours(measured: Sequence[int], step: int) -> list[tuple[int, float]]:
    """The measured steps around a step, and their shares; the nearest one outside their range."""
    if not measured:
        return []
    after = next((i for i, at in enumerate(measured) if at >= step), len(measured))
    if after == 0 or after == len(measured) or measured[after] == step:
        return [(measured[min(after, len(measured) - 1)], 1.0)]
    low, high = measured[after - 1], measured[after]
    share = (step - low) / (high - low)
    return [(low, 1 - share), (high, share)]
