"""Frames of an Open-Sora video that are given: where each goes in the latent, and how it keeps its place.

The VAE encodes 17 frames at a time into 5 latent ones, the first of which stands for a single frame, as the latent
of an image does. So an image goes to the first place of such a chunk: upstream's `align` (v1.2.0,
opensora/utils/inference_utils.py), which puts a last frame at the first of the last 17 (quirk 27). The end of an
earlier clip is whole chunks, at the first place of all.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from app.caching.sharding import Sharding
from app.models.base import GivenFrames
from app.models.condition_image import WORDS, ImagePlace
from app.models.open_sora.sizes import CHUNK, LATENT_CHUNK

START = 0  # where a clip's end, or a first frame, goes


def check_room(place: ImagePlace, frames: int) -> None:
    """A ValueError where a video of so many frames is too short for an image in a place."""
    fewest = CHUNK if place == "image" else 2 * CHUNK  # both at once have a chunk each
    if frames < fewest:
        raise ValueError(f"a {WORDS[place]} needs a video of at least {fewest} frames, got {frames}")


def position_of(place: ImagePlace, latent_frames: int) -> int:
    """Where an image goes in a latent of so many frames."""
    return START if place == "image" else latent_frames - LATENT_CHUNK


def placed(latents: Mapping[int, Tensor], shape: tuple[int, ...]) -> GivenFrames:
    """Latents (1, channels, any frames, height, width) by position in one (channels, frames, height, width)."""
    like = next(iter(latents.values()))
    latent = like.new_zeros(1, *shape)
    given = torch.zeros(shape[1], dtype=torch.bool, device=like.device)
    for position, encoded in latents.items():
        covered = slice(position, position + encoded.shape[2])
        latent[:, :, covered] = encoded
        given[covered] = True
    return GivenFrames(latent, given)


def put(latent: Tensor, frames: GivenFrames, sharding: Sharding) -> Tensor:
    """A process's latent (1, channels, own frames, height, width) with the given frames in their places."""
    own = sharding.own_frames(frames.latent, dim=2)
    given = sharding.own_frames(frames.given, dim=0)
    return torch.where(given[None, None, :, None, None], own, latent)
