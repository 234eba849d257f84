"""Layers of video diffusion transformers: attention, embedders and the final projection.

Parameter names are Open-Sora v1.2.0's (opensora/models/layers/blocks.py), so its checkpoints load key for key.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class RMSNorm(nn.Module):
    """Root-mean-square norm over one attention head, computed in float32 (upstream `LlamaRMSNorm`)."""

    def __init__(self, channels: int, eps: float = 1e-6):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return self.weight * F.rms_norm(x.float(), x.shape[-1:], eps=self.eps).to(x.dtype)


class RotaryEmbedding(nn.Module):
    """Rotary position embedding over the second-last axis, on interleaved channel pairs, theta 10,000."""

    def __init__(self, head_channels: int):
        super().__init__()
        exponent = torch.arange(0, head_channels, 2).float() / head_channels
        self.freqs = nn.Parameter(10_000.0**-exponent, requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        """Rotate `x` of shape (..., positions, head_channels)."""
        position = torch.arange(x.shape[-2], device=x.device, dtype=torch.float32)
        angle = position[:, None] * self.freqs.float()
        cos, sin = angle.cos(), angle.sin()  # (positions, head_channels / 2)
        even, odd = x.float().unflatten(-1, (-1, 2)).unbind(-1)
        rotated = torch.stack((even * cos - odd * sin, odd * cos + even * sin), dim=-1)
        return rotated.flatten(-2).to(x.dtype)


class SelfAttention(nn.Module):
    """Multi-head self-attention over the second-last axis, with normalised queries and keys.

    `rope` rotates queries and keys; it belongs to the model, so that its frequencies are stored once.
    """

    def __init__(self, channels: int, heads: int, qk_norm: bool):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(channels, 3 * channels)
        self.q_norm = RMSNorm(channels // heads) if qk_norm else nn.Identity()
        self.k_norm = RMSNorm(channels // heads) if qk_norm else nn.Identity()
        self.proj = nn.Linear(channels, channels)

    def forward(self, x: Tensor, rope: RotaryEmbedding | None = None) -> Tensor:
        """Attend within the last two axes of `x` (..., tokens, channels); leading axes are independent.

        They are merged, as fused attention takes four axes and no more.
        """
        qkv = self.qkv(x).unflatten(-1, (3, self.heads, -1))  # (..., tokens, 3, heads, head_channels)
        q, k, v = (part.transpose(-3, -2) for part in qkv.unbind(-3))  # (..., heads, tokens, head_channels)
        q, k = self.q_norm(q), self.k_norm(k)
        if rope is not None:
            q, k = rope(q), rope(k)
        out = F.scaled_dot_product_attention(*(part.flatten(0, -4) for part in (q, k, v)))
        return self.proj(out.transpose(-3, -2).flatten(-2).view_as(x))


class CrossAttention(nn.Module):
    """Multi-head attention from video tokens to text tokens."""

    def __init__(self, channels: int, heads: int):
        super().__init__()
        self.heads = heads
        self.q_linear = nn.Linear(channels, channels)
        self.kv_linear = nn.Linear(channels, 2 * channels)
        self.proj = nn.Linear(channels, channels)

    def forward(self, x: Tensor, text: Tensor, text_mask: Tensor | None) -> Tensor:
        """Attend from `x` (batch, tokens, channels) to `text` (batch, words, channels).

        `text_mask` (batch, words) is true where a word counts; none means that all do.
        """
        q = self.q_linear(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        kv = self.kv_linear(text).unflatten(-1, (2, self.heads, -1))
        k, v = (part.transpose(1, 2) for part in kv.unbind(2))
        mask = None if text_mask is None else text_mask[:, None, None, :]
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.proj(out.transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    """Two linear layers with a tanh-approximated GELU between them (timm's `Mlp`)."""

    def __init__(self, in_channels: int, hidden_channels: int, out_channels: int):
        super().__init__()
        self.fc1 = nn.Linear(in_channels, hidden_channels)
        self.fc2 = nn.Linear(hidden_channels, out_channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x), approximate="tanh"))


WAVES = 256  # features of a scalar before its linear layers


def waves(value: Tensor) -> Tensor:
    """(batch,) -> (batch, 256): 128 cosines and 128 sines of falling frequency, float32."""
    half = WAVES // 2
    index = torch.arange(half, dtype=torch.float32, device=value.device)
    angle = value[:, None].float() * torch.exp(-math.log(10_000) * index / half)
    return torch.cat([angle.cos(), angle.sin()], dim=-1)


class PatchEmbed3D(nn.Module):
    """Cut a latent video into patches and project each to the model's width; pads to whole patches."""

    def __init__(self, patch_size: tuple[int, int, int], in_channels: int, channels: int):
        super().__init__()
        self.patch_size = patch_size
        self.proj = nn.Conv3d(in_channels, channels, kernel_size=patch_size, stride=patch_size)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, in_channels, frames, height, width) -> (batch, channels, grid_t, grid_h, grid_w)."""
        pads = [-size % patch for size, patch in zip(x.shape[2:], self.patch_size, strict=True)]
        return self.proj(F.pad(x, (0, pads[2], 0, pads[1], 0, pads[0])))


class ScalarEmbedder(nn.Module):
    """Embed a scalar (timestep or frame rate): 256 cosines and sines, then two linear layers."""

    def __init__(self, channels: int):
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(WAVES, channels), nn.SiLU(), nn.Linear(channels, channels))

    def forward(self, value: Tensor) -> Tensor:
        """(batch,) -> (batch, channels)."""
        return self.mlp(waves(value).to(next(self.mlp.parameters()).dtype))


class CaptionEmbedder(nn.Module):
    """Project text embeddings to the model's width; keeps the embedding of the empty caption."""

    y_embedding: Tensor

    def __init__(self, caption_channels: int, channels: int, max_words: int):
        super().__init__()
        self.y_proj = FeedForward(caption_channels, channels, channels)
        self.register_buffer("y_embedding", torch.randn(max_words, caption_channels) / caption_channels**0.5)

    def forward(self, caption: Tensor) -> Tensor:
        return self.y_proj(caption)


class PositionEmbedding2D(nn.Module):
    """Sine-cosine embedding of a patch's place, stretched so that every resolution spans the same range."""

    def __init__(self, channels: int):
        super().__init__()
        if channels % 4:
            raise ValueError(f"position embedding needs a width divisible by 4, got {channels}")
        self.channels = channels

    def forward(self, grid_h: int, grid_w: int, scale: float, base_size: int, like: Tensor) -> Tensor:
        """(1, grid_h * grid_w, channels); the first half of the channels encodes the column, the other the row."""
        half = self.channels // 2
        exponent = torch.arange(0, half, 2, device=like.device).float() / half
        inverse_frequency = 1.0 / 10_000**exponent

        def encode(size: int) -> Tensor:
            place = torch.arange(size, device=like.device) / scale * (base_size / size)
            angle = place[:, None] * inverse_frequency
            return torch.cat((angle.sin(), angle.cos()), dim=-1)  # (size, half)

        columns = encode(grid_w)[None, :].expand(grid_h, -1, -1)
        rows = encode(grid_h)[:, None].expand(-1, grid_w, -1)
        return torch.cat((columns, rows), dim=-1).flatten(0, 1)[None].to(like.dtype)


class FinalLayer(nn.Module):
    """Modulated norm and projection from tokens to patch values (PixArt's `T2IFinalLayer`)."""

    def __init__(self, channels: int, patch_values: int):
        super().__init__()
        self.norm_final = nn.LayerNorm(channels, elementwise_affine=False, eps=1e-6)
        self.linear = nn.Linear(channels, patch_values)
        self.scale_shift_table = nn.Parameter(torch.randn(2, channels) / channels**0.5)

    def forward(self, x: Tensor, time: Tensor, frame_mask: Tensor | None, clean_time: Tensor | None) -> Tensor:
        """(batch, frames, patches, channels) -> (batch, frames, patches, patch_values).

        Conditioned frames (false in `frame_mask`, (batch, frames)) are normed and modulated a second time on
        top of the noisy modulation: upstream's checkpoints were trained so (docs/upstream-quirks.md, 17).
        """
        x = self.modulate(x, time)
        if frame_mask is not None:
            assert clean_time is not None
            x = torch.where(frame_mask[:, :, None, None], x, self.modulate(x, clean_time))
        return self.linear(x)

    def modulate(self, x: Tensor, time: Tensor) -> Tensor:
        shift, scale = (self.scale_shift_table + time[:, None]).unbind(1)  # (batch, channels) each
        return self.norm_final(x) * (1 + scale[:, None, None]) + shift[:, None, None]
