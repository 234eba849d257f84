"""Latte's transformer with a cache at every residual branch, on the weights and layers of diffusers' own class."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

from diffusers.models.attention import BasicTransformerBlock
from diffusers.models.modeling_outputs import Transformer2DModelOutput
from diffusers.models.transformers.latte_transformer_3d import LatteTransformer3DModel
from torch import Tensor

from app.caching.branches import Branch, Part
from app.caching.cache import NO_CACHE, BranchCache


class CachedLatte(LatteTransformer3DModel):
    """Computes what LatteTransformer3DModel computes, bit for bit, or reuses what `cache` says."""

    cache: BranchCache = NO_CACHE

    def forward(
        self,
        hidden_states: Tensor,
        timestep: Tensor,
        encoder_hidden_states: Tensor,
        enable_temporal_attentions: bool = True,
        return_dict: bool = True,
    ) -> Transformer2DModelOutput | tuple[Tensor]:
        """Predict the noise of a latent.

        hidden_states: (batch, channels, frames, height, width); timestep: (batch,); encoder_hidden_states: (batch,
        words, caption channels). Returns (batch, out channels, frames, height, width).
        """
        batch, _, frames, height, width = hidden_states.shape
        patch = self.config.patch_size
        grid = height // patch, width // patch
        tokens = self.pos_embed(hidden_states.transpose(1, 2).flatten(0, 1)).unflatten(0, (batch, frames))
        sizes = {"resolution": None, "aspect_ratio": None}
        modulation, time = self.adaln_single(timestep, sizes, batch_size=batch, hidden_dtype=tokens.dtype)
        text = self.caption_projection(encoder_hidden_states).repeat_interleave(frames, dim=0)
        by_frame = modulation.repeat_interleave(frames, dim=0)  # (batch * frames, 6 * channels)
        by_patch = modulation.repeat_interleave(grid[0] * grid[1], dim=0)

        def block(index: int, x: Tensor) -> Tensor:
            x = self._residuals(index, "spatial", x, by_frame, text)
            if not enable_temporal_attentions:
                return x
            if index == 0 and frames > 1:
                x = x + self.temp_pos_embed.to(x.dtype)[:, :, None]
            return self._residuals(index, "temporal", x, by_patch, None)

        def first_input() -> Tensor:
            first = self.transformer_blocks[0]
            shift, scale, *_ = _scales(first, by_frame)
            modulated = _modulate(first.norm1(tokens.flatten(0, 1)), shift, scale)
            return modulated.unflatten(0, (batch, frames)).unflatten(2, grid)

        blocks = [partial(block, index) for index in range(len(self.transformer_blocks))]
        tokens = self.cache.stack(tokens, blocks, first_input)

        shift, scale = (self.scale_shift_table + time.repeat_interleave(frames, dim=0)[:, None]).unbind(1)
        values = _modulate(self.norm_out(tokens.flatten(0, 1)), shift[:, None], scale[:, None])
        video = self.proj_out(values).view(batch, frames, *grid, patch, patch, self.out_channels)
        video = video.permute(0, 6, 1, 2, 4, 3, 5).flatten(5, 6).flatten(3, 4)
        return Transformer2DModelOutput(sample=video) if return_dict else (video,)

    def _residuals(self, index: int, part: Part, x: Tensor, modulation: Tensor, text: Tensor | None) -> Tensor:
        """Advance `x` (batch, frames, patches, channels) by the branches of one block, over space or over time."""
        block = (self.transformer_blocks if part == "spatial" else self.temporal_transformer_blocks)[index]
        shift, scale, gate, shift_mlp, scale_mlp, gate_mlp = _scales(block, modulation)
        batch = len(x)

        def rows(tokens: Tensor) -> Tensor:
            return (tokens if part == "spatial" else tokens.transpose(1, 2)).flatten(0, 1)

        def stream(tokens: Tensor) -> Tensor:
            tokens = tokens.unflatten(0, (batch, -1))
            return tokens if part == "spatial" else tokens.transpose(1, 2)

        def attention() -> Tensor:
            return stream(gate * block.attn1(_modulate(block.norm1(rows(x)), shift, scale)))

        def cross_attention() -> Tensor:
            return stream(block.attn2(rows(x), encoder_hidden_states=text))

        def mlp() -> Tensor:
            return stream(gate_mlp * block.ff(_modulate(block.norm2(rows(x)), shift_mlp, scale_mlp)))

        x = x + self.cache.branch(Branch(index, part, "attn"), attention)
        if text is not None:
            x = x + self.cache.branch(Branch(index, part, "cross"), cross_attention)
        return x + self.cache.branch(Branch(index, part, "mlp"), mlp)


def adopt(transformer: Any) -> CachedLatte:
    """Give a loaded LatteTransformer3DModel its cache seam; its weights and configuration stay."""
    if type(transformer) is not LatteTransformer3DModel:
        raise ValueError(f"a LatteTransformer3DModel is needed, got {type(transformer).__name__}")
    blocks = [*transformer.transformer_blocks, *transformer.temporal_transformer_blocks]
    if any(
        not isinstance(block, BasicTransformerBlock) or block.norm_type != "ada_norm_single" for block in blocks
    ):
        raise ValueError("this Latte has blocks of another norm than ada_norm_single")
    transformer.__class__ = CachedLatte
    return cast(CachedLatte, transformer)


@contextmanager
def attached(transformer: CachedLatte, cache: BranchCache) -> Iterator[None]:
    """Let `cache` decide over the branches of `transformer`."""
    transformer.cache = cache
    try:
        yield
    finally:
        del transformer.cache


def _scales(block: Any, modulation: Tensor) -> tuple[Tensor, ...]:
    """Shift, scale and gate of attention, then of the MLP, each (rows, 1, channels)."""
    table = block.scale_shift_table[None] + modulation.unflatten(-1, (6, -1))
    return table.chunk(6, dim=1)


def _modulate(tokens: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    return tokens * (1 + scale) + shift
