"""Open-Sora's VAE 1.2: each frame through the SDXL autoencoder, then four frames into one, and back.

Parameter names are upstream's (hpcaitech/Open-Sora v1.2.0, opensora/models/vae/vae.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Self

import torch
from torch import Tensor, nn

from app.models.open_sora.vae_spatial import SpatialConfig, SpatialVAE
from app.models.open_sora.vae_temporal import TemporalConfig, TemporalVAE

SPATIAL_SCALE = 0.18215  # Stable Diffusion's, which upstream applies to the SDXL autoencoder too


@dataclass(frozen=True)
class VAEConfig:
    """Size of a VAE, its chunks and the statistics of its latents; the defaults are the published ones."""

    spatial: SpatialConfig = field(default_factory=SpatialConfig)
    temporal: TemporalConfig = field(default_factory=TemporalConfig)
    chunk: int = 17  # frames the temporal half sees at once
    batch: int = 4  # frames the spatial half sees at once; bounds the memory, not the result
    shift: tuple[float, ...] = (-0.10, 0.34, 0.27, 0.98)
    scale: tuple[float, ...] = (3.85, 2.32, 2.33, 3.06)

    def __post_init__(self) -> None:
        if not len(self.shift) == len(self.scale) == self.temporal.channels == self.spatial.latent_channels:
            raise ValueError(
                f"{self.temporal.channels} temporal and {self.spatial.latent_channels} spatial latent channels "
                f"do not go with {len(self.shift)} shifts and {len(self.scale)} scales"
            )

    @classmethod
    def from_upstream(cls, config: dict[str, Any]) -> Self:
        """Read a published config.json; sizes it leaves out, as the published one does, are the defaults."""
        return cls(
            spatial=SpatialConfig(**_known(SpatialConfig, config.get("vae_2d", {}))),
            temporal=TemporalConfig(**_known(TemporalConfig, config.get("vae_temporal", {}))),
            chunk=config.get("micro_frame_size", cls.chunk),
            shift=tuple(config.get("shift", cls.shift)),
            scale=tuple(config.get("scale", cls.scale)),
        )

    def latent_frames(self, frames: int) -> int:
        """Latent frames of a video: every chunk of 17 frames gives 5."""
        return sum(-(-chunk // self.temporal.factor) for chunk in chunks(frames, self.chunk))

    def durations(self, frames: int) -> list[int]:
        """Frames each latent frame stands for: 1, 4, 4, 4, 4 in a chunk of 17."""
        factor = self.temporal.factor
        result = []
        for size in chunks(frames, self.chunk):
            first = factor - (-size % factor)
            result += [first] + [factor] * ((size - first) // factor)
        return result

    def latent_shape(self, frames: int, height: int, width: int) -> tuple[int, int, int, int]:
        """(channels, frames, height, width) of the latent of a video."""
        factor = self.spatial.factor
        return self.temporal.channels, self.latent_frames(frames), height // factor, width // factor


class OpenSoraVAE(nn.Module):
    """Video autoencoder; latents come out with mean 0 and deviation 1 in every channel."""

    scale: Tensor
    shift: Tensor

    def __init__(self, config: VAEConfig):
        super().__init__()
        self.config = config
        self.register_buffer("scale", torch.tensor(config.scale)[None, :, None, None, None])
        self.register_buffer("shift", torch.tensor(config.shift)[None, :, None, None, None])
        self.spatial_vae = FrameVAE(config.spatial, config.batch)
        self.temporal_vae = TemporalVAE(config.temporal)

    def encode(self, video: Tensor) -> Tensor:
        """(batch, 3, frames, height, width) in [-1, 1] -> (batch, 4, latent frames, height / 8, width / 8).

        Takes the mode of both posteriors where upstream samples them, so that a video has one latent.
        """
        parts = self.spatial_vae.encode(video).split(self.config.chunk, dim=2)
        means = [_mean(self.temporal_vae.encode(part)) for part in parts]
        return (torch.cat(means, dim=2) - self.shift) / self.scale

    def decode(self, latent: Tensor, frames: int) -> Tensor:
        """(batch, 4, latent frames, h, w) -> (batch, 3, frames, 8 h, 8 w), about [-1, 1]."""
        return torch.cat(list(self.decode_chunks(latent, frames)), dim=2)

    def decode_chunks(self, latent: Tensor, frames: int) -> Iterator[Tensor]:
        """`decode`, a few frames at a time: (batch, 3, up to `batch` frames, 8 h, 8 w) each."""
        yield from self.spatial_vae.decode_chunks(self.decode_time(latent, frames))

    def decode_time(self, latent: Tensor, frames: int) -> Tensor:
        """Scaled spatial latents (batch, 4, frames, h, w) of a latent, chunk by chunk."""
        if latent.shape[2] != self.config.latent_frames(frames):
            needed = self.config.latent_frames(frames)
            raise ValueError(f"{frames} frames have {needed} latent frames, got {latent.shape[2]}")
        latent = latent * self.scale + self.shift
        sizes = chunks(frames, self.config.chunk)
        parts = latent.split([self.config.latent_frames(size) for size in sizes], dim=2)
        return torch.cat(
            [self.temporal_vae.decode(part, size) for part, size in zip(parts, sizes, strict=True)], dim=2
        )


class FrameVAE(nn.Module):
    """The spatial autoencoder over the frames of a video, `batch` of them at a time."""

    def __init__(self, config: SpatialConfig, batch: int):
        super().__init__()
        self.module = SpatialVAE(config)
        self.batch = batch

    def encode(self, video: Tensor) -> Tensor:
        """(batch, 3, frames, height, width) -> scaled latents (batch, 4, frames, height / 8, width / 8)."""
        latents = []
        for part in video.split(self.batch, dim=2):
            mean = _mean(self.module.encode(part.transpose(1, 2).flatten(0, 1)))
            latents.append(mean.unflatten(0, (len(video), -1)).transpose(1, 2))
        return torch.cat(latents, dim=2) * SPATIAL_SCALE

    def decode_chunks(self, latent: Tensor) -> Iterator[Tensor]:
        """Scaled latents (batch, 4, frames, h, w) -> (batch, 3, up to `batch` frames, 8 h, 8 w), one by one."""
        for part in (latent / SPATIAL_SCALE).split(self.batch, dim=2):
            images = self.module.decode(part.transpose(1, 2).flatten(0, 1))
            yield images.unflatten(0, (len(latent), -1)).transpose(1, 2)


def chunks(frames: int, size: int) -> list[int]:
    """Lengths of the chunks a video is cut into: all of `size`, and the rest."""
    return [size] * (frames // size) + [frames % size] * (frames % size > 0)


def _mean(moments: Tensor) -> Tensor:
    return moments.chunk(2, dim=1)[0]


def _known(config: type, values: dict[str, Any]) -> dict[str, Any]:
    known = {name: values[name] for name in config.__dataclass_fields__ if name in values}  # type: ignore[attr-defined]
    return {name: tuple(value) if isinstance(value, list) else value for name, value in known.items()}
