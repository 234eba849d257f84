"""PNDM as Open-Sora-Plan samples with it: Runge-Kutta over the first three intervals, then linear multistep.

Liu et al. 2022 (arXiv 2202.09778) with the defaults of diffusers' PNDMScheduler. The model predicts noise; a noisy
latent is sqrt(a) video + sqrt(1 - a) noise. 150 steps evaluate the model 159 times, as each of the Runge-Kutta
intervals takes four evaluations.
"""

from functools import cache
from itertools import pairwise

import torch
from torch import Tensor

TRAINING_TIMESTEPS = 1000
FIRST_BETA, LAST_BETA = 1e-4, 0.02
INTERVALS = 3  # made by Runge-Kutta
RUNGE_KUTTA = 4 * INTERVALS  # evaluations
EXTRA = RUNGE_KUTTA - INTERVALS  # evaluations beyond the steps asked for
MIN_STEPS = INTERVALS + 1
SLOTS = 6  # latents in the sampler's state


def timesteps(steps: int) -> tuple[float, ...]:
    """The timestep of every evaluation, `steps` + 9 of them; the last is 0."""
    if not MIN_STEPS <= steps <= TRAINING_TIMESTEPS:
        raise ValueError(f"PNDM takes {MIN_STEPS} to {TRAINING_TIMESTEPS} steps, got {steps}")
    stride = TRAINING_TIMESTEPS // steps
    grid = [stride * i for i in reversed(range(steps))]
    ends = list(pairwise(grid))[:INTERVALS]
    start = [t for first, last in ends for t in (first, last + stride // 2, last + stride // 2, last)]
    return tuple(map(float, start + grid[INTERVALS:]))


def initial_state(noise: Tensor) -> Tensor:
    """The sampler's state before the first evaluation, (6, ...) for `noise` (1, ...).

    Its latents: the noisy one; where the Runge-Kutta interval began; the slope summed up in it; and the last three
    predictions that count, newest first. A multistep sampler remembers; so that a step stays a function of what it
    is given, its memory travels with the latent.
    """
    return torch.cat([noise, *[torch.zeros_like(noise)] * (SLOTS - 1)])


def advance(state: Tensor, noise: Tensor, schedule: tuple[float, ...], step: int) -> Tensor:
    """The state after evaluation `step`, counted from 1, predicted `noise` (1, ...) in its latent."""
    sample, start, slope, *past = state.split(1)
    stride = TRAINING_TIMESTEPS // (len(schedule) - EXTRA)
    now = int(schedule[step - 1])
    if step > RUNGE_KUTTA:
        newest = [noise, *past]
        combined = (55 * newest[0] - 59 * newest[1] + 37 * newest[2] - 9 * newest[3]) / 24
        return torch.cat([transfer(sample, combined, now, now - stride), start, slope, *newest[:3]])
    stage = (step - 1) % 4
    if stage == 0:
        start, slope, past = sample, noise / 6, [noise, *past[:2]]
    elif stage < 3:
        slope = slope + noise / 3
    else:
        noise = slope + noise / 6
    began = int(schedule[step - 1 - stage])
    to = now - stride // 2 if stage % 2 == 0 else now
    return torch.cat([transfer(start, noise, began, to), start, slope, *past])


def predict_video(state: Tensor, noise: Tensor, timestep: float) -> Tensor:
    """The clean latent a prediction points to, for previews."""
    signal = kept(int(timestep))
    return (state[:1] - (1 - signal) ** 0.5 * noise) / signal**0.5


def transfer(sample: Tensor, noise: Tensor, now: int, to: int) -> Tensor:
    """A noisy latent of timestep `now`, moved to timestep `to` along its noise (Eq. 11)."""
    a, b = kept(now), kept(to)
    scale = a * (1 - b) ** 0.5 + (a * (1 - a) * b) ** 0.5
    return (b / a) ** 0.5 * sample - (b - a) / scale * noise


def kept(timestep: int) -> float:
    """How much of the video's variance is left at a timestep; before the first one, as much as at it."""
    return _kept()[max(timestep, 0)]


@cache
def _kept() -> tuple[float, ...]:
    betas = torch.linspace(FIRST_BETA, LAST_BETA, TRAINING_TIMESTEPS)
    return tuple((1 - betas).cumprod(0).tolist())
