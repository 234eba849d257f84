"""CausalVAE, the video autoencoder of Open-Sora-Plan 1.1: a first frame alone, then four frames to one latent.

Parameter names are upstream's (PKU-YuanGroup/Open-Sora-Plan v1.1.0, opensora/models/ae/videobase/causal_vae).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import torch.nn.functional as F
from torch import Tensor, nn

from app.models.open_sora_plan.tiling import Tiling, decode_tiled
from app.models.open_sora_plan.vae_layers import (
    ATTENTIONS,
    BLOCKS,
    CONVOLUTIONS,
    GROUPS,
    RESIZERS,
    CausalConv3d,
    group_norm,
)

LATENT_SCALE = 0.18215
TRAINING_ONLY = "loss."  # names in the published file that only training needs

Names = tuple[str, ...]


@dataclass(frozen=True)
class VAEConfig:
    """Size of a CausalVAE and the kinds of its layers.

    The defaults are what upstream's report on version 1.1 describes; a published config.json decides. An empty
    name stands for no layer. The levels of `*_downsample` and `*_upsample` are those of `hidden_size_mult`, from
    pixels to latents.
    """

    hidden_size: int = 128
    hidden_size_mult: tuple[int, ...] = (1, 2, 4, 4)
    num_res_blocks: int = 2
    z_channels: int = 4
    encoder_conv_in: str = "Conv2d"
    encoder_conv_out: str = "CausalConv3d"
    encoder_attention: str = "AttnBlock3DFix"
    encoder_mid_resnet: str = "ResnetBlock3D"
    encoder_resnet_blocks: Names = ("ResnetBlock2D", "ResnetBlock2D", "ResnetBlock3D", "ResnetBlock3D")
    encoder_spatial_downsample: Names = ("Downsample", "Downsample", "Downsample", "")
    encoder_temporal_downsample: Names = ("", "TimeDownsampleRes2x", "TimeDownsampleRes2x", "")
    decoder_conv_in: str = "CausalConv3d"
    decoder_conv_out: str = "CausalConv3d"
    decoder_attention: str = "AttnBlock3DFix"
    decoder_mid_resnet: str = "ResnetBlock3D"
    decoder_resnet_blocks: Names = ("ResnetBlock3D", "ResnetBlock3D", "ResnetBlock3D", "ResnetBlock3D")
    decoder_spatial_upsample: Names = ("", "SpatialUpsample2x", "SpatialUpsample2x", "SpatialUpsample2x")
    decoder_temporal_upsample: Names = ("", "", "TimeUpsampleRes2x", "TimeUpsampleRes2x")

    def __post_init__(self) -> None:
        if self.hidden_size % GROUPS:
            raise ValueError(f"{self.hidden_size} channels do not split into {GROUPS} groups")
        for half in ("encoder", "decoder"):
            self._check(CONVOLUTIONS, f"{half}_conv_in", f"{half}_conv_out")
            self._check(BLOCKS, f"{half}_mid_resnet", f"{half}_resnet_blocks")
            self._check(ATTENTIONS, f"{half}_attention")
        resizers = {"": None, **RESIZERS}
        self._check(resizers, "encoder_spatial_downsample", "encoder_temporal_downsample")
        self._check(resizers, "decoder_spatial_upsample", "decoder_temporal_upsample")

    def _check(self, known: Mapping[str, object], *settings: str) -> None:
        for setting in settings:
            value = getattr(self, setting)
            for name in (value,) if isinstance(value, str) else value:
                if name not in known:
                    raise ValueError(
                        f"CausalVAE {setting} must be of {', '.join(filter(None, known))}, got {name!r}"
                    )
            if not isinstance(value, str) and len(value) != len(self.hidden_size_mult):
                raise ValueError(
                    f"CausalVAE {setting} needs {len(self.hidden_size_mult)} levels, got {len(value)}"
                )

    @classmethod
    def from_upstream(cls, config: dict[str, Any]) -> Self:
        """Read a published config.json; settings of training are dropped."""
        if config.get("attn_resolutions"):
            raise ValueError(f"CausalVAE attn_resolutions must be empty, got {config['attn_resolutions']}")
        known: dict[str, Any] = {name: config[name] for name in cls.__dataclass_fields__ if name in config}
        known.update({name: tuple(value) for name, value in known.items() if isinstance(value, list)})
        return cls(**known)

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of every level."""
        return tuple(self.hidden_size * multiplier for multiplier in self.hidden_size_mult)

    @property
    def space(self) -> int:
        """Pixels to a latent, on each side."""
        return 2 ** sum(map(bool, self.decoder_spatial_upsample))

    @property
    def time(self) -> int:
        """Frames to a latent frame, after the first."""
        return 2 ** sum(map(bool, self.decoder_temporal_upsample))

    def latent_frames(self, frames: int) -> int:
        """Latent frames of a video: one for the first frame, then one for every four."""
        return 1 + -(-(frames - 1) // self.time)

    def durations(self, frames: int) -> list[int]:
        """Frames each latent frame stands for: 1, 4, 4 and so on."""
        return [1] + [self.time] * (self.latent_frames(frames) - 1)

    def latent_shape(self, frames: int, height: int, width: int) -> tuple[int, int, int, int]:
        """(channels, frames, height, width) of the latent of a video."""
        return self.z_channels, self.latent_frames(frames), height // self.space, width // self.space


class CausalVAE(nn.Module):
    """Video autoencoder; latents come scaled as the transformer was trained on them."""

    def __init__(self, config: VAEConfig):
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.quant_conv = CausalConv3d(2 * config.z_channels, 2 * config.z_channels, 1)
        self.post_quant_conv = CausalConv3d(config.z_channels, config.z_channels, 1)
        self.decoder = Decoder(config)

    def encode(self, video: Tensor) -> Tensor:
        """(batch, 3, frames, h, w) in [-1, 1] -> (batch, channels, latent frames, h / 8, w / 8).

        Takes the mode of the posterior where upstream samples it, so that a video has one latent.
        """
        return self.moments(video).chunk(2, dim=1)[0] * LATENT_SCALE

    def moments(self, video: Tensor) -> Tensor:
        """Mean and log variance of the unscaled latent, one after the other along the channels."""
        return self.quant_conv(self.encoder(video))

    def decode(self, latent: Tensor, tiling: Tiling | None = None) -> Tensor:
        """(batch, channels, latent frames, h, w) -> (batch, 3, frames, 8 h, 8 w), about [-1, 1].

        With `tiling`, in overlapping tiles one after the other; not quite the same as at once.
        """
        latent = latent / LATENT_SCALE
        if tiling is None:
            return self.decode_whole(latent)
        return decode_tiled(self.decode_whole, latent, tiling, self.config.space)

    def decode_whole(self, latent: Tensor) -> Tensor:
        """An unscaled latent, all at once."""
        return self.decoder(self.post_quant_conv(latent))


class Encoder(nn.Module):
    def __init__(self, config: VAEConfig):
        super().__init__()
        widths = config.widths
        self.conv_in = CONVOLUTIONS[config.encoder_conv_in](3, widths[0], 3, padding=1)
        self.down = nn.ModuleList(
            _level(
                [widths[max(i - 1, 0)]] + [width] * config.num_res_blocks,
                config.encoder_resnet_blocks[i],
                downsample=config.encoder_spatial_downsample[i],
                time_downsample=config.encoder_temporal_downsample[i],
            )
            for i, width in enumerate(widths)
        )
        self.mid = _middle(widths[-1], config.encoder_mid_resnet, config.encoder_attention)
        self.norm_out = group_norm(widths[-1])
        self.conv_out = CONVOLUTIONS[config.encoder_conv_out](widths[-1], 2 * config.z_channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv_in(x)
        for level in self.down:
            x = _through(level, x)
        return self.conv_out(F.silu(self.norm_out(_through(self.mid, x))))


class Decoder(nn.Module):
    def __init__(self, config: VAEConfig):
        super().__init__()
        widths = config.widths
        wider = (*widths[1:], widths[-1])
        self.conv_in = CONVOLUTIONS[config.decoder_conv_in](config.z_channels, widths[-1], 3, padding=1)
        self.mid = _middle(widths[-1], config.decoder_mid_resnet, config.decoder_attention)
        self.up = nn.ModuleList(
            _level(
                [wider[i]] + [width] * (config.num_res_blocks + 1),
                config.decoder_resnet_blocks[i],
                upsample=config.decoder_spatial_upsample[i],
                time_upsample=config.decoder_temporal_upsample[i],
            )
            for i, width in enumerate(widths)
        )
        self.norm_out = group_norm(widths[0])
        self.conv_out = CONVOLUTIONS[config.decoder_conv_out](widths[0], 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = _through(self.mid, self.conv_in(x))
        for level in reversed(self.up):
            x = _through(level, x)
        return self.conv_out(F.silu(self.norm_out(x)))


def _level(widths: list[int], block: str, **resizers: str) -> nn.Module:
    """Residual blocks, then one layer for each named resizer."""
    level = nn.Module()
    level.block = nn.ModuleList(BLOCKS[block](widths[i], widths[i + 1]) for i in range(len(widths) - 1))
    for name, kind in resizers.items():
        if kind:
            level.add_module(name, RESIZERS[kind](widths[-1], widths[-1]))
    return level


def _middle(channels: int, block: str, attention: str) -> nn.Module:
    middle = nn.Module()
    middle.block_1 = BLOCKS[block](channels, channels)
    middle.attn_1 = ATTENTIONS[attention](channels)
    middle.block_2 = BLOCKS[block](channels, channels)
    return middle


def _through(stage: nn.Module, x: Tensor) -> Tensor:
    """A stage's layers in the order they were added."""
    for layer in stage.children():
        for step in layer if isinstance(layer, nn.ModuleList) else (layer,):
            x = step(x)
    return x
