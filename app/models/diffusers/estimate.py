"""What each part of a diffusers model needs of the memory for one video, found without running it."""

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from app.models.diffusers.architectures import PUBLISHED, on_meta
from app.models.diffusers.cards import SOURCES, FamilyName, Source
from app.models.diffusers.families import FAMILIES
from app.models.runtime.memory import peak_bytes
from app.models.runtime.memory_plan import CACHED_STREAMS, Need, Part, weight_bytes

Grid = tuple[int, int, int]  # latent frames, height, width


@cache
def estimate_published(model: str) -> dict[Part, Need]:
    """The needs of a published model in bfloat16, at its card's size."""
    source, architecture = SOURCES[model], PUBLISHED[model]
    vae_dtype = torch.float32 if source.vae_in_float32 else torch.bfloat16
    transformer = architecture.build_transformer(torch.bfloat16)
    vae = architecture.build_vae(vae_dtype)
    grid = architecture.grid(source.card.size)
    return estimate(source, transformer, vae, grid, source.text_parameters * 2)


def estimate(source: Source, transformer: Any, vae: Any, grid: Grid, text_bytes: int) -> dict[Part, Need]:
    """The needs of parts on the meta device for a latent of `grid`."""
    words = FAMILIES[source.family].words
    step = peak_bytes(lambda: predict(source.family, transformer, grid, words))
    kept = CACHED_STREAMS * stream_bytes(source.family, transformer, grid, words)
    return {
        "text": Need(text_bytes, 2 * words * 4096 * 2),
        "transformer": Need(weight_bytes(transformer), step + kept),
        "vae": Need(weight_bytes(vae), peak_bytes(lambda: decode(source.family, vae, grid))),
    }


def predict(family: FamilyName, transformer: Any, grid: Grid, words: int) -> None:
    """One pass of a transformer on the meta device: both halves, or one where the halves take turns."""
    inputs = _INPUTS[family](transformer.config, grid, words)
    dtype = transformer.dtype
    tensors = {
        name: value.to(dtype) if isinstance(value, Tensor) and value.is_floating_point() else value
        for name, value in inputs.items()
    }
    transformer(**tensors, return_dict=False)


def decode(family: FamilyName, vae: Any, grid: Grid) -> None:
    """Decode a latent on the meta device: Latte's frames at once, others tiled, as the loaded model does."""
    frames, height, width = grid
    dtype = next(vae.parameters()).dtype
    if family == "latte":
        vae.decode(_meta(frames, vae.config.latent_channels, height, width).to(dtype), num_frames=frames)
        return
    vae.enable_tiling()
    channels = vae.config.z_dim if family == "wan" else vae.config.latent_channels
    vae.decode(_meta(1, channels, frames, height, width).to(dtype))


def stream_bytes(family: FamilyName, transformer: Any, grid: Grid, words: int) -> int:
    """Bytes of the token stream of both halves: what one kept residual takes."""
    config = transformer.config
    patch = config.get("patch_size", 1)
    side = patch[-1] if isinstance(patch, list | tuple) else patch
    tokens = grid[0] * (grid[1] // side) * (grid[2] // side)
    if FAMILIES[family].moves_text:
        tokens += words
    return int(2 * tokens * config.num_attention_heads * config.attention_head_dim * transformer.dtype.itemsize)


def meta_copy(module: Any) -> nn.Module:
    """A module of diffusers without its weights."""
    with torch.device("meta"):
        built: nn.Module = type(module).from_config(module.config)
    return on_meta(built, next(module.parameters()).dtype)


def _meta(*shape: int) -> Tensor:
    return torch.empty(*shape, device="meta")


def _latte(config: Any, grid: Grid, words: int) -> dict[str, Any]:
    return {
        "hidden_states": _meta(2, config.in_channels, *grid),
        "timestep": torch.empty(2, device="meta", dtype=torch.long),
        "encoder_hidden_states": _meta(2, words, config.caption_channels),
    }


def _cogvideox(config: Any, grid: Grid, words: int) -> dict[str, Any]:
    return {
        "hidden_states": _meta(2, grid[0], config.in_channels, *grid[1:]),
        "timestep": torch.empty(2, device="meta", dtype=torch.long),
        "encoder_hidden_states": _meta(2, words, config.text_embed_dim),
    }


def _wan(config: Any, grid: Grid, words: int) -> dict[str, Any]:
    return {
        "hidden_states": _meta(1, config.in_channels, *grid),
        "timestep": torch.empty(1, device="meta", dtype=torch.long),
        "encoder_hidden_states": _meta(1, words, config.text_dim),
    }


def _ltx(config: Any, grid: Grid, words: int) -> dict[str, Any]:
    frames, height, width = grid
    return {
        "hidden_states": _meta(2, frames * height * width, config.in_channels),
        "timestep": torch.empty(2, device="meta", dtype=torch.long),
        "encoder_hidden_states": _meta(2, words, config.caption_channels),
        "encoder_attention_mask": torch.empty(2, words, device="meta", dtype=torch.long),
        "num_frames": frames,
        "height": height,
        "width": width,
        "rope_interpolation_scale": (8 / 25, 32, 32),
    }


_INPUTS: dict[FamilyName, Callable[[Any, Grid, int], dict[str, Any]]] = {
    "latte": _latte,
    "cogvideox": _cogvideox,
    "wan": _wan,
    "ltx": _ltx,
}
