"""LatteT2V, the spatial-temporal diffusion transformer of Open-Sora-Plan 1.1, at any size.

Parameter names are upstream's (PKU-YuanGroup/Open-Sora-Plan v1.1.0, opensora/models/diffusion/latte).
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, Self, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from app.caching.branches import Branch, Part
from app.caching.cache import NO_CACHE, BranchCache
from app.caching.sharding import ONE_PROCESS, Sharding
from app.models.networks.layers import PositionEmbedding2D
from app.models.open_sora_plan.layers import (
    Attention,
    CaptionProjection,
    FeedForward,
    FramePatches,
    TimestepModulation,
    line_embedding,
    mask_bias,
)

# Settings that change the arithmetic, and the only values the published checkpoint was trained with.
PUBLISHED = {
    "norm_type": "ada_norm_single",
    "activation_fn": "gelu-approximate",
    "attention_bias": True,
    "norm_elementwise_affine": False,
    "use_rope": False,
    "compress_kv_factor": 1,
    "double_self_attention": False,
    "only_cross_attention": False,
}


@dataclass(frozen=True)
class LatteT2VConfig:
    """Size of a LatteT2V; the defaults are the published 65x512x512."""

    num_attention_heads: int = 16
    attention_head_dim: int = 72
    in_channels: int = 4
    out_channels: int = 8
    num_layers: int = 28
    sample_size: tuple[int, int] = (64, 64)  # height and width of the latent
    patch_size: int = 2
    caption_channels: int = 4096
    video_length: int = 17  # latent frames, fixed by the embedding of time
    model_max_length: int = 300
    interpolation_scale_1d: float | None = None

    def __post_init__(self) -> None:
        if self.hidden_size % 4:
            raise ValueError(f"the width must be divisible by 4, got {self.hidden_size}")
        if self.num_layers < 1 or self.video_length < 1:
            raise ValueError(f"layers and frames must be at least 1, got {self.num_layers}, {self.video_length}")
        if self.out_channels not in (self.in_channels, 2 * self.in_channels):
            raise ValueError(f"out_channels must be once or twice {self.in_channels}, got {self.out_channels}")

    @property
    def hidden_size(self) -> int:
        """Channels of a token."""
        return self.num_attention_heads * self.attention_head_dim

    @property
    def latent_shape(self) -> tuple[int, int, int, int]:
        """(channels, frames, height, width) of the one size the checkpoint makes."""
        return self.in_channels, self.video_length, *self.sample_size

    @property
    def space_scale(self) -> int:
        """How much finer the patches are placed than in training at 512 pixels."""
        return max(self.sample_size[0] // 64, 1)

    @property
    def time_scale(self) -> float:
        """How much finer frames are placed than in Latte's 16."""
        if self.interpolation_scale_1d is not None:
            return max(self.interpolation_scale_1d, 1)
        return max((self.video_length - self.video_length % 2) // 16, 1)

    @classmethod
    def from_upstream(cls, config: dict[str, Any]) -> Self:
        """Read a published config.json; a ValueError names a setting this code does not know."""
        for name, value in PUBLISHED.items():
            if config.get(name, value) != value:
                raise ValueError(f"LatteT2V {name} must be {value!r}, got {config[name]!r}")
        known = {name: config[name] for name in cls.__dataclass_fields__ if config.get(name) is not None}
        return cls(**{**known, "sample_size": tuple(known.get("sample_size", cls.sample_size))})


class LatteBlock(nn.Module):
    """Self-attention over space or time, in spatial blocks cross-attention to the text, and an MLP."""

    def __init__(self, config: LatteT2VConfig, block: int, part: Part):
        super().__init__()
        channels, heads = config.hidden_size, config.num_attention_heads
        self.block, self.part = block, part
        self.attn1 = Attention(channels, heads)
        if part == "spatial":
            self.attn2 = Attention(channels, heads)
        self.ff = FeedForward(channels)
        self.scale_shift_table = nn.Parameter(torch.randn(6, channels) / channels**0.5)

    def forward(
        self,
        x: Tensor,
        text: Tensor,
        bias: Tensor | None,
        text_bias: Tensor | None,
        time: Tensor,
        sharding: Sharding,
        cache: BranchCache,
    ) -> Tensor:
        """Advance `x` (batch, frames, patches, channels) by the block's branches.

        text: (batch, words, channels); bias: (batch * frames, 1, 1, patches), added to the attention of spatial
        blocks; text_bias: (batch, 1, 1, words); time: (batch, 6 * channels). Frames may be shared by several
        processes; temporal attention alone needs all frames of a patch at once.
        """
        _, _, gate_attn, shift_mlp, scale_mlp, gate_mlp = self.scales(time)

        def attention() -> Tensor:
            tokens = self.modulated_input(x, time)
            if self.part == "spatial":
                return gate_attn * self.attn1(tokens, tokens, bias)
            over_time = sharding.frames_together(tokens).transpose(1, 2)  # (batch, patches, frames, channels)
            attended = self.attn1(over_time, over_time, None).transpose(1, 2)
            return gate_attn * sharding.frames_apart(attended, patches=x.shape[2])

        def cross_attention() -> Tensor:
            return self.attn2(x.flatten(1, 2), text, text_bias).view_as(x)

        def mlp() -> Tensor:
            return gate_mlp * self.ff(norm(x) * (1 + scale_mlp) + shift_mlp)

        x = x + cache.branch(Branch(self.block, self.part, "attn"), attention)
        if self.part == "spatial":
            x = x + cache.branch(Branch(self.block, self.part, "cross"), cross_attention)
        return x + cache.branch(Branch(self.block, self.part, "mlp"), mlp)

    def modulated_input(self, x: Tensor, time: Tensor) -> Tensor:
        """What attention sees of `x`: normed, scaled and shifted by the timestep."""
        shift, scale = self.scales(time)[:2]
        return norm(x) * (1 + scale) + shift

    def scales(self, time: Tensor) -> tuple[Tensor, ...]:
        """Shift, scale and gate of attention, then of the MLP, each (batch, 1, 1, channels)."""
        return (self.scale_shift_table + time.unflatten(-1, (6, -1)))[:, :, None, None].unbind(1)


class LatteT2V(nn.Module):
    """Predicts the noise in a latent video, conditioned on timestep and text."""

    def __init__(self, config: LatteT2VConfig):
        super().__init__()
        channels = config.hidden_size
        self.config = config
        self.place = PositionEmbedding2D(channels)
        self.pos_embed = FramePatches(config.patch_size, config.in_channels, channels)
        self.transformer_blocks = nn.ModuleList(LatteBlock(config, i, "spatial") for i in range(config.num_layers))
        self.temporal_transformer_blocks = nn.ModuleList(
            LatteBlock(config, i, "temporal") for i in range(config.num_layers)
        )
        self.scale_shift_table = nn.Parameter(torch.randn(2, channels) / channels**0.5)
        self.proj_out = nn.Linear(channels, config.patch_size**2 * config.out_channels)
        self.adaln_single = TimestepModulation(channels)
        self.caption_projection = CaptionProjection(config.caption_channels, channels)

    def forward(
        self,
        x: Tensor,
        timestep: Tensor,
        text: Tensor,
        text_mask: Tensor | None = None,
        mask: Tensor | None = None,
        *,
        temporal: bool = True,
        sharding: Sharding = ONE_PROCESS,
        cache: BranchCache = NO_CACHE,
    ) -> Tensor:
        """Predict the noise (and, with twice the channels out, a variance that sampling does not use).

        x: (batch, in_channels, frames, height, width); timestep: (batch,), 0 to 999; text: (batch, words,
        caption_channels); text_mask: (batch, words), 1 where a word counts; mask: (batch, frames, height, width),
        1 where the latent counts; temporal: off for images. Returns (batch, out_channels, frames, height, width).
        Frames are all of the video's, or with `sharding` this process's.
        """
        dtype = self.proj_out.weight.dtype
        tokens, (grid_h, grid_w) = self.pos_embed(x.to(dtype))  # (batch, frames, patches, channels)
        base = self.config.sample_size[0] // self.config.patch_size
        tokens = tokens + self.place(grid_h, grid_w, self.config.space_scale, base, like=tokens)
        time, modulation = self.adaln_single(timestep)  # (batch, channels), (batch, 6 * channels)
        words = self.caption_projection(text.to(dtype))  # (batch, words, channels)
        text_bias = None if text_mask is None else mask_bias(text_mask, dtype)[:, None, None]
        bias = None if mask is None else self.patch_bias(mask, dtype)
        all_frames = sharding.frames(tokens.shape[1])
        places = line_embedding(all_frames, self.config.time_scale, like=tokens)[:, None]
        frames = sharding.own_frames(places, dim=0)

        def block(index: int, hidden: Tensor) -> Tensor:
            hidden = self.transformer_blocks[index](hidden, words, bias, text_bias, modulation, sharding, cache)
            if not temporal:
                return hidden
            if index == 0:
                hidden = hidden + frames  # upstream tells the frames apart here, after the first spatial block
            return self.temporal_transformer_blocks[index](hidden, words, None, None, modulation, sharding, cache)

        def first_input() -> Tensor:
            modulated = cast(LatteBlock, self.transformer_blocks[0]).modulated_input(tokens, modulation)
            return modulated.unflatten(2, (grid_h, grid_w))

        blocks = [partial(block, index) for index in range(self.config.num_layers)]
        tokens = cache.stack(tokens, blocks, first_input)
        shift, scale = (self.scale_shift_table + time[:, None])[:, :, None, None].unbind(1)
        values = self.proj_out(norm(tokens) * (1 + scale) + shift)
        return self.unpatchify(values, grid_h, grid_w).float()

    def patch_bias(self, mask: Tensor, dtype: torch.dtype) -> Tensor:
        """(batch, frames, height, width) -> (batch * frames, 1, 1, patches); a patch counts if any of it does."""
        patches = F.max_pool2d(mask.to(dtype), self.config.patch_size).bool()
        return mask_bias(patches.flatten(2).flatten(0, 1), dtype)[:, None, None]

    def unpatchify(self, values: Tensor, grid_h: int, grid_w: int) -> Tensor:
        """(batch, frames, patches, patch_values) -> (batch, out_channels, frames, height, width)."""
        patch = self.config.patch_size
        video = values.unflatten(3, (patch, patch, -1)).unflatten(2, (grid_h, grid_w))
        video = video.permute(0, 6, 1, 2, 4, 3, 5)  # (batch, channels, frames, grid_h, patch, grid_w, patch)
        return video.flatten(5, 6).flatten(3, 4)


def norm(x: Tensor) -> Tensor:
    """Layer norm without parameters."""
    return F.layer_norm(x, x.shape[-1:], eps=1e-6)
