"""Frames of an Open-Sora video that are given: where an image goes in the latent, and how it keeps its place.

The VAE encodes 17 frames at a time into 5 latent ones, the first of which stands for a single frame, as the latent
of an image does. So an image goes to the first place of such a chunk: upstream's `align` (v1.2.0,
opensora/utils/inference_utils.py), which puts a last frame at the first of the last 17 (quirk 27).
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from app.caching.sharding import Sharding
from app.models.base import GivenFrames
from app.models.condition_image import WORDS, ImagePlace
from app.models.open_sora.sizes import CHUNK

LATENT_CHUNK = 5


def check_room(place: ImagePlace, frames: int) -> None:
    """A ValueError where a video of so many frames is too short for an image in a place."""
    fewest = CHUNK if place == "image" else 2 * CHUNK  # both at once have a chunk each
    if frames < fewest:
        raise ValueError(f"a {WORDS[place]} needs a video of at least {fewest} frames, got {frames}")


def placed(latents: Mapping[ImagePlace, Tensor], shape: tuple[int, ...]) -> GivenFrames:
    """Latents of images (1, channels, 1, height, width) in a video's latent (channels, frames, height, width)."""
    frames = shape[1]
    like = next(iter(latents.values()))
    latent = like.new_zeros(1, *shape)
    given = torch.zeros(frames, dtype=torch.bool, device=like.device)
    for place, encoded in latents.items():
        position = 0 if place == "image" else frames - LATENT_CHUNK
        latent[:, :, position : position + 1] = encoded
        given[position] = True
    return GivenFrames(latent, given)


def put(latent: Tensor, frames: GivenFrames, sharding: Sharding) -> Tensor:
    """A process's latent (1, channels, own frames, height, width) with the given frames in their places."""
    own = sharding.own_frames(frames.latent, dim=2)
    given = sharding.own_frames(frames.given, dim=0)
    return torch.where(given[None, None, :, None, None], own, latent)
