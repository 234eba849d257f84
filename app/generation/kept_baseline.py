"""A baseline kept on disk: its records, its first and its last latent, which stand for the whole run.

The first is made anew whenever the baseline is to be taken again: equal bits mean the same weights, device and
libraries. The last is decoded again, because a video file is not exact enough to measure against.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from app.caching.record import StepRecord
from app.common.files import atomic_path
from app.generation.request import Request

LATENTS = "baseline.safetensors"
RECORDING = "recording.json"  # of the baseline, as whoever watched it wrote it


@dataclass(frozen=True)
class KeptBaseline:
    """What another run of the same request takes over. Latents are (1, channels, frames, height, width)."""

    records: tuple[StepRecord, ...]
    first: Tensor
    last: Tensor
    measured: str  # when its seconds were measured, ISO 8601
    recording: bytes = b""  # the file of that name; empty where its run kept none

    def begins_with(self, latent: Tensor, schedule: tuple[float, ...]) -> bool:
        """Whether a first step made now, in a run of this schedule, is the kept one bit for bit."""
        now = latent.cpu()
        if (now.shape, now.dtype) != (self.first.shape, self.first.dtype) or now.shape != self.last.shape:
            return False
        return tuple(record.timestep for record in self.records) == schedule and torch.equal(now, self.first)


def none_kept(request: Request) -> KeptBaseline | None:
    """Every baseline is to be made and measured."""
    return None


def write_latents(path: Path, first: Tensor | None, last: Tensor) -> None:
    """Keep a baseline's latents, exactly; atomic."""
    if first is None:
        raise RuntimeError("a baseline that made no step has no latents to keep")
    with atomic_path(path) as temporary:
        save_file({"first": first.cpu().contiguous(), "last": last.cpu().contiguous()}, temporary)


def read_recording(folder: Path) -> bytes:
    """The recording that a run keeps of its baseline, as bytes; empty where there is none."""
    try:
        return (folder / RECORDING).read_bytes()
    except OSError:
        return b""


def read_latents(path: Path) -> tuple[Tensor, Tensor] | None:
    """The first and last latent; none where there is no whole file."""
    try:
        latents = load_file(path)
        return latents["first"], latents["last"]
    except (OSError, SafetensorError, KeyError):
        return None
