"""The frame autoencoder of Sprites: 64 x 64 RGB frames <-> 4 channels of 16 x 16, each frame on its own.

The shipped decoder draws at twice the size that was encoded. Latents are standardised per channel; a linear head
gives previews at a thousandth of a decode's cost.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import safe_open
from torch import Tensor, nn

PIXELS = 4  # of an encoded picture, along a side of a latent's cell


@dataclass(frozen=True)
class VaeConfig:
    """Widths and depths: encoder at 1/2 and 1/4 of the encoded size, decoder at 1/4, 1/2 and, to draw twice, 1."""

    latent_channels: int = 4
    encoder_half: int = 32
    encoder_quarter: int = 96
    decoder_quarter: int = 128
    decoder_half: int = 64
    encoder_blocks: int = 2
    decoder_blocks: int = 3
    decoder_half_blocks: int = 2
    scale: int = 1  # pixels drawn for one that was encoded, along a side
    decoder_whole: int = 32
    decoder_whole_blocks: int = 2

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if value < 1:
                raise ValueError(f"{name} is {value}; accepted: an integer of at least 1")
        for name in ("decoder_half", "decoder_whole"):
            if getattr(self, name) % 4:
                raise ValueError(f"{name} is {getattr(self, name)}; accepted: a multiple of 4 (pixel shuffle)")
        if self.scale > 2:
            raise ValueError(f"scale is {self.scale}; accepted: 1 (as encoded) or 2 (twice the size)")


class SpritesVAE(nn.Module):
    """Frames (batch, frames, height, width, 3) in [0, 1] <-> latent (batch, channels, frames, h/4, w/4).

    Decoded frames are `scale` times as high and wide as encoded ones.
    """

    def __init__(self, config: VaeConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = nn.Sequential(
            nn.PixelUnshuffle(2),
            nn.Conv2d(12, config.encoder_half, 3, padding=1),
            ResidualBlock(config.encoder_half),
            nn.PixelUnshuffle(2),
            nn.Conv2d(4 * config.encoder_half, config.encoder_quarter, 1),
            *(ResidualBlock(config.encoder_quarter) for _ in range(config.encoder_blocks)),
            nn.SiLU(),
            nn.Conv2d(config.encoder_quarter, config.latent_channels, 3, padding=1),
        )
        self.statistics = nn.BatchNorm2d(config.latent_channels, affine=False, momentum=0.02)
        self.decoder = nn.Sequential(
            nn.Conv2d(config.latent_channels, config.decoder_quarter, 3, padding=1),
            *(ResidualBlock(config.decoder_quarter) for _ in range(config.decoder_blocks)),
            nn.Conv2d(config.decoder_quarter, 4 * config.decoder_half, 1),
            nn.PixelShuffle(2),
            *(ResidualBlock(config.decoder_half) for _ in range(config.decoder_half_blocks)),
            *(_twice(config) if config.scale == 2 else ()),
            *_to_colours(config.decoder_half if config.scale == 1 else config.decoder_whole),
        )
        self.pixels = PIXELS * config.scale  # of a decoded picture, along a side of a latent's cell
        self.preview_head = nn.Conv2d(config.latent_channels, 3 * self.pixels**2, 3, padding=1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):  # twice as fast on a CPU as the default layout
                module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last)

    def encode_images(self, images: Tensor) -> Tensor:
        """Images (n, 3, height, width) in [-1, 1] -> standardised latents (n, channels, height/4, width/4)."""
        standardised: Tensor = self.statistics(self.encoder(images).float())
        return standardised

    def decode_images(self, latents: Tensor) -> Tensor:
        """Standardised latents (n, channels, h, w) -> images (n, 3, height, width), about [-1, 1], not clipped."""
        images: Tensor = self.decoder(latents)
        return images

    def preview_images(self, latents: Tensor) -> Tensor:
        """The linear look at latents (n, channels, h, w): images of the size of those of decode_images."""
        return F.pixel_shuffle(self.preview_head(latents), self.pixels)

    @torch.inference_mode()
    def encode(self, frames: Tensor) -> Tensor:
        """Frames (b, frames, height, width, 3), uint8 or in [0, 1] -> latent (b, channels, frames, h, w)."""
        if frames.ndim != 5 or frames.shape[-1] != 3:
            raise ValueError(
                f"frames have shape {tuple(frames.shape)}; accepted: (batch, frames, height, width, 3)"
            )
        latents = self.encode_images(to_images(frames.flatten(0, 1)))
        return latents.unflatten(0, frames.shape[:2]).transpose(1, 2).contiguous()

    @torch.inference_mode()
    def decode(self, latent: Tensor) -> Tensor:
        """Latent (batch, channels, frames, h, w) -> uint8 frames (batch, frames, height, width, 3)."""
        return self._per_frame(latent, self.decode_images)

    @torch.inference_mode()
    def preview(self, latent: Tensor) -> Tensor:
        """What decode returns, by the linear head: blurry, but about 1 ms a clip."""
        return self._per_frame(latent, self.preview_images)

    def _per_frame(self, latent: Tensor, decode: Callable[[Tensor], Tensor]) -> Tensor:
        channels = self.config.latent_channels
        if latent.ndim != 5 or latent.shape[1] != channels:
            raise ValueError(
                f"latent has shape {tuple(latent.shape)}; accepted: (batch, {channels}, frames, h, w)"
            )
        images = decode(latent.transpose(1, 2).flatten(0, 1).float())
        return to_frames(images).unflatten(0, (latent.shape[0], latent.shape[2]))


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions on (n, channels, h, w), added to their input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) -> the same shape."""
        return x + self.second(F.silu(self.first(F.silu(x))))


def _twice(config: VaeConfig) -> list[nn.Module]:
    """From half the encoded size to the whole of it: (n, decoder_half, h, w) -> (n, decoder_whole, 2h, 2w)."""
    return [
        nn.SiLU(),
        nn.Conv2d(config.decoder_half, 4 * config.decoder_whole, 3, padding=1),
        nn.PixelShuffle(2),
        *(ResidualBlock(config.decoder_whole) for _ in range(config.decoder_whole_blocks)),
    ]


def _to_colours(features: int) -> list[nn.Module]:
    """Features (n, features, h, w) -> images (n, 3, 2h, 2w)."""
    return [
        nn.SiLU(),
        nn.Conv2d(features, features, 3, padding=1),
        nn.PixelShuffle(2),
        nn.SiLU(),
        nn.Conv2d(features // 4, 3, 3, padding=1),
    ]


def to_images(frames: Tensor) -> Tensor:
    """Frames (n, height, width, 3), uint8 or float in [0, 1] -> images (n, 3, height, width) in [-1, 1]."""
    scaled = frames.float() / 127.5 if frames.dtype == torch.uint8 else frames * 2
    return scaled.permute(0, 3, 1, 2) - 1


def to_frames(images: Tensor) -> Tensor:
    """Images (n, 3, height, width) about [-1, 1] -> uint8 frames (n, height, width, 3)."""
    scaled = (images.float() * 127.5 + 128).clamp(0, 255).to(torch.uint8)
    return scaled.permute(0, 2, 3, 1).contiguous()


def load_vae(path: Path) -> SpritesVAE:
    """Reads assets/sprites/vae.safetensors (config in its metadata) as float32, ready to use."""
    with safe_open(path, framework="pt") as file:
        config = VaeConfig(**json.loads(file.metadata()["config"]))
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    vae = SpritesVAE(config)
    vae.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in weights.items()})
    return vae.eval().requires_grad_(False)
