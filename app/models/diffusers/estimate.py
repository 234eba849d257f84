"""What each part of a diffusers model needs of the memory for one video, found without running it."""

from functools import cache
from typing import Any

import diffusers
import torch
from diffusers.utils import logging
from torch import Tensor, nn

from app.models.diffusers.family import Checkpoint, Family, Grid, checkpoints, latent_channels, meta
from app.models.runtime.memory import peak_bytes
from app.models.runtime.memory_plan import CACHED_STREAMS, Need, Part, weight_bytes


@cache
def estimate_published(model: str) -> dict[Part, Need]:
    """The needs of a published model in bfloat16, at its card's size."""
    checkpoint = checkpoints()[model]
    vae_dtype = torch.float32 if checkpoint.vae_in_float32 else torch.bfloat16
    transformer, vae = build_transformer(checkpoint, torch.bfloat16), build_vae(checkpoint, vae_dtype)
    grid = checkpoint.architecture.grid(checkpoint.card.size)
    text_bytes = checkpoint.text_parameters * 2 + checkpoint.image_parameters * 4
    return estimate(
        checkpoint.family, transformer, vae, grid, text_bytes, two=checkpoint.card.handover is not None
    )


def estimate(
    family: Family, transformer: Any, vae: Any, grid: Grid, text_bytes: int, *, two: bool
) -> dict[Part, Need]:
    """The needs of parts on the meta device for a latent of `grid`; `two`: transformers, of one size."""
    words = family.words
    step = peak_bytes(lambda: predict(family, transformer, grid, words))
    kept = CACHED_STREAMS * stream_bytes(family, transformer, grid, words)
    denoising = Need(weight_bytes(transformer), step + kept)
    needs: dict[Part, Need] = {"text": Need(text_bytes, 2 * words * 4096 * 2), "transformer": denoising}
    if two:
        needs["transformer_2"] = denoising
    # Encoding an image, with blank frames behind it as Wan's pipeline does, takes less: 1.3 of 1.8 GB there.
    needs["vae"] = Need(weight_bytes(vae), peak_bytes(lambda: decode(family, vae, grid)))
    return needs


def build_transformer(checkpoint: Checkpoint, dtype: torch.dtype, **changes: Any) -> nn.Module:
    """The published transformer on the meta device; `changes` to its configuration."""
    built = checkpoint.architecture
    with torch.device("meta"):
        module: nn.Module = getattr(diffusers, built.transformer)(**{**built.transformer_config, **changes})
    adopted: nn.Module = checkpoint.family.adopt(_on_meta(module, dtype))
    return adopted


def build_vae(checkpoint: Checkpoint, dtype: torch.dtype) -> nn.Module:
    """The published autoencoder on the meta device."""
    with torch.device("meta"):
        module: nn.Module = getattr(diffusers, checkpoint.architecture.vae)(**checkpoint.architecture.vae_config)
    return _on_meta(module, dtype)


def meta_copy(module: Any) -> nn.Module:
    """A module of diffusers without its weights."""
    with torch.device("meta"):
        built: nn.Module = type(module).from_config(module.config)
    return _on_meta(built, next(module.parameters()).dtype)


def predict(family: Family, transformer: Any, grid: Grid, words: int) -> None:
    """One pass of a transformer on the meta device: both halves, or one where the halves take turns."""
    dtype = transformer.dtype
    tensors = {
        name: value.to(dtype) if isinstance(value, Tensor) and value.is_floating_point() else value
        for name, value in family.inputs(transformer.config, grid, words).items()
    }
    with family.on_meta(transformer):
        transformer(**tensors, return_dict=False)


def decode(family: Family, vae: Any, grid: Grid) -> None:
    """Decode a latent on the meta device, tiled or all frames at once, as the loaded model does."""
    frames, height, width = grid
    dtype = next(vae.parameters()).dtype
    channels = latent_channels(vae)
    if family.tiled:
        vae.enable_tiling()
        vae.decode(meta(1, channels, frames, height, width).to(dtype))
    else:
        vae.decode(meta(frames, channels, height, width).to(dtype), num_frames=frames)


def stream_bytes(family: Family, transformer: Any, grid: Grid, words: int) -> int:
    """Bytes of the token stream of both halves: what one kept residual takes."""
    config = transformer.config
    patch = config.get("patch_size", 1)
    side = patch[-1] if isinstance(patch, list | tuple) else patch
    tokens = grid[0] * (grid[1] // side) * (grid[2] // side)
    width = config.num_attention_heads * config.attention_head_dim
    values = tokens * width
    if family.moves_text:
        values += words * (width if family.text_width is None else family.text_width(config))
    halves = 2 if family.negates else 1
    return int(halves * values * transformer.dtype.itemsize)


def _on_meta(module: nn.Module, dtype: torch.dtype) -> nn.Module:
    """All of a module: some of diffusers' make parameters that the device they are built under does not reach."""
    logging.set_verbosity_error()  # it warns of casts, which matter to loaded weights alone
    return module.to(device="meta", dtype=dtype).eval()
