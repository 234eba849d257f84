"""Rectified flow as Open-Sora 1.2 samples it: timesteps, classifier-free guidance and the Euler step.

A noisy latent is x_t = (1 - t) video + t noise; the model predicts the velocity video - noise. Timesteps are
t * 1000, from 1000 (noise) down. Upstream: opensora/schedulers/rf (v1.2.0).
"""

import torch
from torch import Tensor

TIMESTEP_SCALE = 1000.0
BASE_RESOLUTION = 512 * 512


def timesteps(steps: int, *, height: float, width: float, frames: int) -> tuple[float, ...]:
    """Timesteps of every denoising step, shifted towards noise for large and long videos.

    height, width in pixels, frames in pixels' time; upstream counts 5 latent frames for 17 frames.
    """
    latent_frames = 1 if frames == 1 else frames // 17 * 5
    ratio = torch.tensor(height * width / BASE_RESOLUTION).sqrt() * torch.tensor(float(latent_frames)).sqrt()
    return shifted_timesteps(steps, float(ratio))


def shifted_timesteps(steps: int, shift: float) -> tuple[float, ...]:
    """Timesteps t -> shift t / (1 + (shift - 1) t) of an even schedule; shift 1 keeps it even."""
    if steps < 1:
        raise ValueError(f"a schedule needs at least 1 step, got {steps}")
    t = torch.tensor([1.0 - i / steps for i in range(steps)])
    return tuple((shift * t / (1 + (shift - 1) * t) * TIMESTEP_SCALE).tolist())


def guide(conditional: Tensor, unconditional: Tensor, guidance: float) -> Tensor:
    """Classifier-free guidance: from the unconditional prediction past the conditional one."""
    return unconditional + guidance * (conditional - unconditional)


def euler_step(latent: Tensor, velocity: Tensor, schedule: tuple[float, ...], step: int) -> Tensor:
    """Advance `latent` from timestep `step` (counted from 1) to the next one, or to the video after the last."""
    following = schedule[step] if step < len(schedule) else 0.0
    return latent + velocity * ((schedule[step - 1] - following) / TIMESTEP_SCALE)


def predict_video(latent: Tensor, velocity: Tensor, timestep: float) -> Tensor:
    """The clean video a velocity points to, for previews."""
    return latent + velocity * (timestep / TIMESTEP_SCALE)
