"""Mochi: text tokens of half the video tokens' width go through the blocks beside them; its timesteps rise."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
import torch.fx.experimental._config as fx_config
from torch import Tensor, nn

from app.caching.branches import WHOLE_BLOCKS
from app.models.diffusers.family import (
    MASKED_HALVES,
    UNCALIBRATED,
    Architecture,
    Checkpoint,
    Family,
    Grid,
    Pipeline,
    meta,
    pipeline_card,
    register,
    repository,
)
from app.models.networks.t5 import T5_XXL_PARAMETERS
from app.models.size import Size

THRESHOLD_NOISE = 0.025  # up to which its noise levels are even; the pipeline's


def _to_vae(pipeline: Pipeline, latent: Tensor, size: Size) -> Tensor:
    config = pipeline.vae.config
    mean, deviation = (
        torch.tensor(v).view(1, -1, 1, 1, 1).to(latent) for v in (config.latents_mean, config.latents_std)
    )
    return latent * deviation / config.scaling_factor + mean


def _timesteps(pipeline: Pipeline, scheduler: Any, steps: int, size: Size) -> None:
    """Small even steps through the first half, quadratically growing ones after."""
    from diffusers.pipelines.mochi.pipeline_mochi import linear_quadratic_schedule

    scheduler.set_timesteps(sigmas=np.array(linear_quadratic_schedule(steps, THRESHOLD_NOISE)))


def _inputs(config: Any, grid: Grid, words: int) -> dict[str, Any]:
    return {
        "hidden_states": meta(2, config.in_channels, *grid),
        "timestep": meta(2),
        "encoder_hidden_states": meta(2, words, config.text_embed_dim),
        "encoder_attention_mask": meta(2, words, whole=True).bool(),
    }


@contextmanager
def _on_meta(transformer: Any) -> Iterator[None]:
    """Without values every word counts, and without autocast the rotary angles are only of their shape."""
    own = transformer.rope
    transformer.rope = _Angles()
    try:
        with fx_config.patch(meta_nonzero_assume_all_nonzero=True):  # type: ignore[attr-defined]  # made when imported
            yield
    finally:
        transformer.rope = own


class _Angles(nn.Module):
    def forward(
        self, frequencies: Tensor, frames: int, height: int, width: int, **_: Any
    ) -> tuple[Tensor, Tensor]:
        angles = meta(frames * height * width, *frequencies.shape[1:])
        return angles, angles.clone()


MOCHI = Family(
    name="mochi",
    pipeline="MochiPipeline",
    layout=WHOLE_BLOCKS,
    embeddings=MASKED_HALVES,
    words=256,
    to_vae=_to_vae,
    inputs=_inputs,
    moves_text=True,
    text_width=lambda config: int(config.pooled_projection_dim),
    on_meta=_on_meta,
    timesteps=_timesteps,
    rising=True,
    noise_in_float32=False,
)
MOCHI_1 = Checkpoint(
    card=pipeline_card(
        id="mochi-1",
        title="Mochi 1",
        description=f"Video tokens, and text tokens of half their width; whole blocks are reused. {UNCALIBRATED}",
        needs="a GPU with 32 GB or more and 72 GB of weights from Hugging Face",
        height=480,
        width=848,
        frames=85,
        fps=30.0,
        depth=48,
        steps=64,
        guidance=4.5,
        layout=WHOLE_BLOCKS,
        negative_prompt="",
    ),
    family=MOCHI,
    repository=repository("genmo/mochi-1-preview", 72_000_000_000),
    architecture=Architecture("MochiTransformer3DModel", {}, "AutoencoderKLMochi", {}, merged=(6, 8)),
    text_parameters=T5_XXL_PARAMETERS,
)

register(MOCHI, MOCHI_1)
