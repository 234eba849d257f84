"""Clip: the accelerated side of a finished run, which another run may go on from; how it is kept.

Its latent is kept exactly, as a video file is not exact enough to go on from; its video is what is joined.
"""

from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from app.common.files import atomic_path
from app.generation.request import Request
from app.models.base import NO_CLIP

LATENT = "accelerated.safetensors"


@dataclass(frozen=True)
class Clip:
    """What a run takes over of the one that it goes on from."""

    request: Request  # that made it
    latent: Tensor  # (1, channels, frames, height, width), denoised: of the last loop, where it has several
    video: Path


def write_clip(folder: Path, latent: Tensor) -> None:
    """Keep the accelerated side's last latent, exactly; atomic."""
    with atomic_path(folder / LATENT) as temporary:
        save_file({"last": latent.cpu().contiguous()}, temporary)


def read_clip(folder: Path, request: Request, video: Path) -> Clip:
    """The clip that a run's folder keeps; a ValueError where it keeps none."""
    try:
        return Clip(request, load_file(folder / LATENT)["last"], video)
    except (OSError, SafetensorError, KeyError):
        raise ValueError(
            "that run keeps no latent to go on from; runs do that are made here by a model that extends clips"
        ) from None


def check_clip(request: Request, clip: Clip | None) -> None:
    """A ValueError unless a request that goes on from a clip has it, of its own model and size."""
    if request.extends is None:
        return
    if clip is None:
        raise ValueError(NO_CLIP)
    if clip.request.model != request.model:
        raise ValueError(f"the run to go on from is of {clip.request.model}, this one of {request.model}")
    if clip.request.size != request.size:
        sizes = [str(size or "the model's own size") for size in (clip.request.size, request.size)]
        raise ValueError(f"the run to go on from has {sizes[0]}, this one {sizes[1]}")
