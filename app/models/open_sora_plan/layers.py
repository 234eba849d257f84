"""Layers of LatteT2V: attention, MLP, embedders of patches, timestep, text and time.

Parameter names are upstream's, which are those of diffusers' blocks.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from app.models.networks.layers import WAVES, waves

MASKED = -10_000.0  # added to the attention of what does not count, as upstream does: a row masked whole is not
NULL_WORDS = 120  # rows of the stored null caption, whatever the length of captions


class Attention(nn.Module):
    """Multi-head attention with separate projections, from tokens to themselves or to text."""

    def __init__(self, channels: int, heads: int):
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(channels, channels)
        self.to_k = nn.Linear(channels, channels)
        self.to_v = nn.Linear(channels, channels)
        self.to_out = nn.ModuleList([nn.Linear(channels, channels)])

    def forward(self, x: Tensor, context: Tensor, bias: Tensor | None) -> Tensor:
        """Attend from `x` (..., tokens, channels) to `context` (..., others, channels).

        `bias` (product of the leading axes, 1, 1, others) is added to the scores. Leading axes are merged, as
        fused attention takes four axes and no more.
        """
        q, k, v = (
            part.flatten(0, -3).unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (leading, heads, tokens, head)
            for part in (self.to_q(x), self.to_k(context), self.to_v(context))
        )
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=bias)
        return self.to_out[0](out.transpose(1, 2).flatten(-2).view_as(x))


class Widen(nn.Module):
    """A linear layer and a tanh-approximated GELU."""

    def __init__(self, in_channels: int, out_channels: int):
        super().__init__()
        self.proj = nn.Linear(in_channels, out_channels)

    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(self.proj(x), approximate="tanh")


class FeedForward(nn.Module):
    """Two linear layers, four times as wide between them."""

    def __init__(self, channels: int):
        super().__init__()
        # Upstream has dropout in the middle; the place is kept for the last layer's name.
        self.net = nn.Sequential(Widen(channels, 4 * channels), nn.Identity(), nn.Linear(4 * channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class FramePatches(nn.Module):
    """Cut every frame of a latent video into patches and project each to the model's width."""

    def __init__(self, patch_size: int, in_channels: int, channels: int):
        super().__init__()
        self.proj = nn.Conv2d(in_channels, channels, patch_size, stride=patch_size)

    def forward(self, x: Tensor) -> tuple[Tensor, tuple[int, int]]:
        """(batch, in_channels, frames, h, w) -> (batch, frames, patches, channels), and rows and columns."""
        patches = self.proj(x.transpose(1, 2).flatten(0, 1))
        grid = patches.shape[2], patches.shape[3]
        return patches.flatten(2).transpose(1, 2).unflatten(0, (len(x), -1)), grid


class TimestepEmbedder(nn.Module):
    """Two linear layers with a SiLU between them."""

    def __init__(self, channels: int):
        super().__init__()
        self.linear_1 = nn.Linear(WAVES, channels)
        self.linear_2 = nn.Linear(channels, channels)

    def forward(self, features: Tensor) -> Tensor:
        return self.linear_2(F.silu(self.linear_1(features)))


class TimestepModulation(nn.Module):
    """A timestep's embedding, and the six modulations of every block made of it (PixArt's adaLN-single)."""

    def __init__(self, channels: int):
        super().__init__()
        self.emb = nn.ModuleDict({"timestep_embedder": TimestepEmbedder(channels)})
        self.linear = nn.Linear(channels, 6 * channels)

    def forward(self, timestep: Tensor) -> tuple[Tensor, Tensor]:
        """(batch,) -> (batch, channels) and (batch, 6 * channels)."""
        time = self.emb["timestep_embedder"](waves(timestep).to(self.linear.weight.dtype))
        return time, self.linear(F.silu(time))


class CaptionProjection(nn.Module):
    """Project text embeddings to the model's width; the stored null caption is not used in sampling."""

    y_embedding: Tensor

    def __init__(self, caption_channels: int, channels: int):
        super().__init__()
        self.linear_1 = nn.Linear(caption_channels, channels)
        self.linear_2 = nn.Linear(channels, channels)
        self.register_buffer("y_embedding", torch.zeros(NULL_WORDS, caption_channels))

    def forward(self, text: Tensor) -> Tensor:
        return self.linear_2(F.gelu(self.linear_1(text), approximate="tanh"))


def mask_bias(mask: Tensor, dtype: torch.dtype) -> Tensor:
    """0 where the mask is 1, and a large negative number elsewhere."""
    return (1 - mask.to(dtype)) * MASKED


def line_embedding(length: int, scale: float, like: Tensor) -> Tensor:
    """(length, channels) sines, then cosines, of places 0, 1 / scale, 2 / scale and so on."""
    half = like.shape[-1] // 2
    frequency = 10_000 ** (-torch.arange(half, device=like.device, dtype=torch.float32) / half)
    angle = (torch.arange(length, device=like.device) / scale)[:, None] * frequency
    return torch.cat((angle.sin(), angle.cos()), dim=-1).to(like.dtype)
