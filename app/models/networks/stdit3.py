"""STDiT3, the spatial-temporal diffusion transformer of Open-Sora 1.2, at any size.

Parameter names are upstream's (hpcaitech/Open-Sora v1.2.0, opensora/models/stdit/stdit3.py).
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, Self, cast

import torch
from torch import Tensor, nn

from app.caching.branches import Branch, Part
from app.caching.cache import NO_CACHE, BranchCache
from app.caching.sharding import ONE_PROCESS, Sharding
from app.models.networks.layers import (
    CaptionEmbedder,
    CrossAttention,
    FeedForward,
    FinalLayer,
    PatchEmbed3D,
    PositionEmbedding2D,
    RotaryEmbedding,
    ScalarEmbedder,
    SelfAttention,
)


@dataclass(frozen=True)
class STDiT3Config:
    """Size of an STDiT3; the defaults are the published XL/2 of Open-Sora 1.2.

    frame_positions: learned embeddings of the first that many latent frames (after patching). Open-Sora has none
    (0): its rotary code tells frames apart only by their distance, so nothing says where in the clip a frame lies.
    Sprites needs that: "right" begins at the left edge.
    """

    in_channels: int = 4
    patch_size: tuple[int, int, int] = (1, 2, 2)
    hidden_size: int = 1152
    depth: int = 28
    num_heads: int = 16
    mlp_ratio: float = 4.0
    pred_sigma: bool = True
    caption_channels: int = 4096
    model_max_length: int = 300
    input_sq_size: int = 512
    qk_norm: bool = True
    frame_positions: int = 0

    def __post_init__(self) -> None:
        if self.hidden_size % (4 * self.num_heads) and (self.hidden_size // self.num_heads) % 2:
            raise ValueError(f"hidden_size {self.hidden_size} does not split into {self.num_heads} even heads")
        if self.hidden_size % self.num_heads:
            raise ValueError(f"hidden_size {self.hidden_size} is not divisible by num_heads {self.num_heads}")
        if self.depth < 1:
            raise ValueError(f"depth must be at least 1, got {self.depth}")

    @property
    def out_channels(self) -> int:
        """Velocity channels, and as many unused variance channels where `pred_sigma` is set."""
        return self.in_channels * (2 if self.pred_sigma else 1)

    @classmethod
    def from_upstream(cls, config: dict[str, Any]) -> Self:
        """Read a published config.json; keys that only matter in training or on a GPU are dropped."""
        known = {name: config[name] for name in cls.__dataclass_fields__ if name in config}
        return cls(**{**known, "patch_size": tuple(known.get("patch_size", cls.patch_size))})


class STDiT3Block(nn.Module):
    """Self-attention over space or time, cross-attention to the text and an MLP: three residual branches."""

    def __init__(self, config: STDiT3Config, block: int, part: Part):
        super().__init__()
        channels = config.hidden_size
        self.block, self.part = block, part
        self.norm1 = nn.LayerNorm(channels, eps=1e-6, elementwise_affine=False)
        self.attn = SelfAttention(channels, config.num_heads, config.qk_norm)
        self.cross_attn = CrossAttention(channels, config.num_heads)
        self.norm2 = nn.LayerNorm(channels, eps=1e-6, elementwise_affine=False)
        self.mlp = FeedForward(channels, int(channels * config.mlp_ratio), channels)
        self.scale_shift_table = nn.Parameter(torch.randn(6, channels) / channels**0.5)

    def forward(
        self,
        x: Tensor,
        text: Tensor,
        text_mask: Tensor | None,
        modulation: Tensor,
        rope: RotaryEmbedding,
        sharding: Sharding,
        cache: BranchCache,
    ) -> Tensor:
        """Advance `x` (batch, frames, patches, channels) by the three branches.

        Frames may be shared by several processes; temporal attention alone needs all frames of a patch at once.
        `modulation` is (batch, 1 or frames, 6 * channels): per frame only where some frames are conditioned.
        """
        _, _, gate_attn, shift_mlp, scale_mlp, gate_mlp = self.scales(modulation)

        def attention() -> Tensor:
            tokens = self.modulated_input(x, modulation)
            if self.part == "spatial":
                return gate_attn * self.attn(tokens)
            over_time = sharding.frames_together(tokens).transpose(1, 2)  # (batch, patches, frames, channels)
            attended = self.attn(over_time, rope).transpose(1, 2)
            return gate_attn * sharding.frames_apart(attended, patches=x.shape[2])

        def cross_attention() -> Tensor:
            return self.cross_attn(x.flatten(1, 2), text, text_mask).view_as(x)

        def mlp() -> Tensor:
            return gate_mlp * self.mlp(self.norm2(x) * (1 + scale_mlp) + shift_mlp)

        x = x + cache.branch(Branch(self.block, self.part, "attn"), attention)
        x = x + cache.branch(Branch(self.block, self.part, "cross"), cross_attention)
        x = x + cache.branch(Branch(self.block, self.part, "mlp"), mlp)
        return x

    def modulated_input(self, x: Tensor, modulation: Tensor) -> Tensor:
        """What attention sees of `x`: normed, scaled and shifted by the timestep."""
        shift, scale = self.scales(modulation)[:2]
        return self.norm1(x) * (1 + scale) + shift

    def scales(self, modulation: Tensor) -> tuple[Tensor, ...]:
        """Shift, scale and gate of attention, then of the MLP, each (batch, 1 or frames, 1, channels)."""
        table = self.scale_shift_table + modulation.unflatten(-1, (6, -1))
        return table.unsqueeze(2).unbind(3)


class STDiT3(nn.Module):
    """Predicts the velocity of a noisy latent video, conditioned on timestep, text, frame rate and size."""

    def __init__(self, config: STDiT3Config):
        super().__init__()
        channels = config.hidden_size
        self.config = config
        self.rope = RotaryEmbedding(channels // config.num_heads)
        self.pos_embed = PositionEmbedding2D(channels)
        self.x_embedder = PatchEmbed3D(config.patch_size, config.in_channels, channels)
        self.t_embedder = ScalarEmbedder(channels)
        self.fps_embedder = ScalarEmbedder(channels)
        if config.frame_positions:
            self.frame_embed = nn.Parameter(torch.zeros(config.frame_positions, channels))
        self.t_block = nn.Sequential(nn.SiLU(), nn.Linear(channels, 6 * channels))
        self.y_embedder = CaptionEmbedder(config.caption_channels, channels, config.model_max_length)
        self.spatial_blocks = nn.ModuleList(STDiT3Block(config, i, "spatial") for i in range(config.depth))
        self.temporal_blocks = nn.ModuleList(STDiT3Block(config, i, "temporal") for i in range(config.depth))
        patch_t, patch_h, patch_w = config.patch_size
        self.final_layer = FinalLayer(channels, patch_t * patch_h * patch_w * config.out_channels)

    def forward(
        self,
        x: Tensor,
        timestep: Tensor,
        y: Tensor,
        mask: Tensor | None = None,
        x_mask: Tensor | None = None,
        *,
        fps: Tensor,
        height: Tensor,
        width: Tensor,
        sharding: Sharding = ONE_PROCESS,
        cache: BranchCache = NO_CACHE,
    ) -> Tensor:
        """Predict velocity (and, with `pred_sigma`, variance) of a noisy latent.

        x: (batch, in_channels, frames, height, width); timestep: (batch,) in [0, 1000], 1000 is pure noise;
        y: (batch, 1, words, caption_channels); mask: (prompts, words), repeated if batch is a multiple of it;
        x_mask: (batch, frames), false for conditioned (clean) frames; fps, height, width: (1,) or (batch,), in
        frames a second and pixels of the decoded video. Returns (batch, out_channels, frames, height, width).
        Frames are all of the video's, or with `sharding` this process's.
        """
        dtype = self.x_embedder.proj.weight.dtype
        tokens = self.x_embedder(x.to(dtype))
        _, _, grid_t, grid_h, grid_w = tokens.shape
        tokens = tokens.flatten(3).permute(0, 2, 3, 1)  # (batch, frames, patches, channels)
        scale = float(height[0] * width[0]) ** 0.5 / self.config.input_sq_size
        base_size = round((grid_h * grid_w) ** 0.5)
        tokens = tokens + self.pos_embed(grid_h, grid_w, scale, base_size, like=tokens)
        if self.config.frame_positions:
            frames = sharding.frames(grid_t)
            if frames > self.config.frame_positions:
                raise ValueError(f"{frames} latent frames; accepted: at most {self.config.frame_positions}")
            tokens = tokens + sharding.own_frames(self.frame_embed[:frames, None], dim=0)

        rate = self.fps_embedder(fps.expand(len(x)))
        time = self.t_embedder(timestep) + rate  # (batch, channels)
        modulation = self.t_block(time)[:, None]  # (batch, 1, 6 * channels)
        clean_time = None
        if x_mask is not None:
            x_mask = x_mask.bool()
            clean_time = self.t_embedder(torch.zeros_like(timestep)) + rate
            modulation = torch.where(x_mask[..., None], modulation, self.t_block(clean_time)[:, None])

        text = self.y_embedder(y.to(dtype)).squeeze(1)  # (batch, words, channels)
        text_mask = None if mask is None else mask.bool().repeat(len(x) // len(mask), 1)

        conditions = (text, text_mask, modulation, self.rope, sharding)

        def block(index: int, hidden: Tensor) -> Tensor:
            hidden = self.spatial_blocks[index](hidden, *conditions, cache)
            return self.temporal_blocks[index](hidden, *conditions, cache)

        def first_input() -> Tensor:
            modulated = cast(STDiT3Block, self.spatial_blocks[0]).modulated_input(tokens, modulation)
            return modulated.unflatten(2, (grid_h, grid_w))

        blocks = [partial(block, index) for index in range(self.config.depth)]
        tokens = cache.stack(tokens, blocks, first_input)
        values = self.final_layer(tokens, time, x_mask, clean_time)
        return self.unpatchify(values, (grid_t, grid_h, grid_w), x.shape[2:]).float()

    def unpatchify(self, values: Tensor, grid: tuple[int, int, int], size: torch.Size) -> Tensor:
        """(batch, frames, patches, patch_values) -> (batch, out_channels, *size), padding cut off."""
        patch_t, patch_h, patch_w = self.config.patch_size
        video = values.view(len(values), *grid, patch_t, patch_h, patch_w, self.config.out_channels)
        video = video.permute(0, 7, 1, 4, 2, 5, 3, 6)  # (batch, channels, t, patch_t, h, patch_h, w, patch_w)
        video = video.flatten(6, 7).flatten(4, 5).flatten(2, 3)
        return video[:, :, : size[0], : size[1], : size[2]]
