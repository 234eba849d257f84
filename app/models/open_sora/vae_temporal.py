"""The temporal half of Open-Sora's VAE 1.2: causal 3D convolutions that merge four frames into one.

Parameter names are upstream's (hpcaitech/Open-Sora v1.2.0, opensora/models/vae/vae_temporal.py).
"""

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class TemporalConfig:
    """Size of a temporal autoencoder; the defaults are the published one's."""

    channels: int = 4  # of the spatial latents it reads, and of its own
    filters: int = 128
    num_res_blocks: int = 4
    channel_multipliers: tuple[int, ...] = (1, 2, 2, 4)
    temporal_downsample: tuple[bool, ...] = (False, True, True)
    num_groups: int = 32

    def __post_init__(self) -> None:
        if len(self.temporal_downsample) != len(self.channel_multipliers) - 1:
            raise ValueError(
                f"{len(self.channel_multipliers)} levels have {len(self.channel_multipliers) - 1} transitions, "
                f"got temporal_downsample {self.temporal_downsample}"
            )
        if self.filters % self.num_groups:
            raise ValueError(f"{self.filters} filters do not split into {self.num_groups} groups")

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of every level."""
        return tuple(self.filters * multiplier for multiplier in self.channel_multipliers)

    @property
    def factor(self) -> int:
        """Frames to a latent frame."""
        return 2 ** sum(self.temporal_downsample)


class TemporalVAE(nn.Module):
    """Autoencoder over the frames of a chunk; the first latent frame stands for the chunk's first frame alone."""

    def __init__(self, config: TemporalConfig):
        super().__init__()
        moments = 2 * config.channels
        self.factor = config.factor
        self.encoder = Encoder(config)
        self.quant_conv = CausalConv3d(moments, moments, 1)
        self.post_quant_conv = CausalConv3d(config.channels, config.channels, 1)
        self.decoder = Decoder(config)

    def encode(self, x: Tensor) -> Tensor:
        """(batch, channels, frames, h, w) -> moments (batch, 2 * channels, ceil(frames / 4), h, w)."""
        padding = -x.shape[2] % self.factor
        return self.quant_conv(self.encoder(F.pad(x, (0, 0, 0, 0, padding, 0))))

    def decode(self, latent: Tensor, frames: int) -> Tensor:
        """(batch, channels, ceil(frames / 4), h, w) -> (batch, channels, frames, h, w)."""
        return self.decoder(self.post_quant_conv(latent))[:, :, -frames % self.factor :]


class Encoder(nn.Module):
    def __init__(self, config: TemporalConfig):
        super().__init__()
        widths, groups, layers = config.widths, config.num_groups, config.num_res_blocks
        self.conv_in = CausalConv3d(config.channels, widths[0], 3, bias=False)
        self.block_res_blocks = nn.ModuleList(
            _res_blocks(widths[max(i - 1, 0)], width, layers, groups) for i, width in enumerate(widths)
        )
        self.conv_blocks = nn.ModuleList(
            CausalConv3d(width, width, 3, stride=2) if halve else nn.Identity()
            for width, halve in zip(widths[:-1], config.temporal_downsample, strict=True)
        )
        self.res_blocks = _res_blocks(widths[-1], widths[-1], layers, groups)
        self.norm1 = nn.GroupNorm(groups, widths[-1])
        self.conv2 = CausalConv3d(widths[-1], 2 * config.channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv_in(x)
        for blocks, conv in zip(self.block_res_blocks, (*self.conv_blocks, nn.Identity()), strict=True):
            x = conv(blocks(x))
        return self.conv2(F.silu(self.norm1(self.res_blocks(x))))


class Decoder(nn.Module):
    def __init__(self, config: TemporalConfig):
        super().__init__()
        widths, groups, layers = config.widths, config.num_groups, config.num_res_blocks
        wider = (*widths[1:], widths[-1])
        self.conv1 = CausalConv3d(config.channels, widths[-1], 3)
        self.res_blocks = _res_blocks(widths[-1], widths[-1], layers, groups)
        self.block_res_blocks = nn.ModuleList(
            _res_blocks(wider[i], width, layers, groups) for i, width in enumerate(widths)
        )
        self.conv_blocks = nn.ModuleList(
            DoubleFrames(width) if double else nn.Identity()
            for width, double in zip(widths[1:], config.temporal_downsample, strict=True)
        )
        self.norm1 = nn.GroupNorm(groups, widths[0])
        self.conv_out = CausalConv3d(widths[0], config.channels, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.res_blocks(self.conv1(x))
        upsamplers = (nn.Identity(), *self.conv_blocks)
        for blocks, upsample in zip(reversed(self.block_res_blocks), reversed(upsamplers), strict=True):
            x = upsample(blocks(x))
        return self.conv_out(F.silu(self.norm1(x)))


class CausalConv3d(nn.Module):
    """3D convolution that sees no later frame: all temporal padding comes first. `stride` is over time."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, *, stride: int = 1, bias: bool = True):
        super().__init__()
        self.padding = (*[kernel // 2] * 4, kernel - stride, 0)
        self.conv = nn.Conv3d(in_channels, out_channels, kernel, stride=(stride, 1, 1), bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.pad(x, self.padding))


class DoubleFrames(CausalConv3d):
    """Twice the channels by convolution, then every pair of them becomes two frames."""

    def __init__(self, channels: int):
        super().__init__(channels, 2 * channels, 3)

    def forward(self, x: Tensor) -> Tensor:
        pairs = super().forward(x).unflatten(1, (-1, 2))  # (batch, channels, 2, frames, h, w)
        return pairs.transpose(2, 3).flatten(2, 3)


class ResBlock(nn.Module):
    def __init__(self, in_channels: int, out_channels: int, groups: int):
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, in_channels)
        self.conv1 = CausalConv3d(in_channels, out_channels, 3, bias=False)
        self.norm2 = nn.GroupNorm(groups, out_channels)
        self.conv2 = CausalConv3d(out_channels, out_channels, 3, bias=False)
        if in_channels != out_channels:
            self.conv3 = CausalConv3d(in_channels, out_channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.conv1(F.silu(self.norm1(x)))
        hidden = self.conv2(F.silu(self.norm2(hidden)))
        return (self.conv3(x) if hasattr(self, "conv3") else x) + hidden


def _res_blocks(in_channels: int, out_channels: int, layers: int, groups: int) -> nn.Sequential:
    widths = [in_channels] + [out_channels] * layers
    return nn.Sequential(*(ResBlock(widths[i], widths[i + 1], groups) for i in range(layers)))
