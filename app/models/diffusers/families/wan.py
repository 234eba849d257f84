"""Wan: full attention over space and time; the halves of guidance take turns in the transformer."""

from typing import Any

import torch
from torch import Tensor

from app.caching.branches import WHOLE_BLOCKS
from app.caching.motion import MotionRegularisation
from app.models.base import ModelCard
from app.models.diffusers.family import (
    BOTH_HALVES,
    PROMPTS,
    UNCALIBRATED,
    Architecture,
    Checkpoint,
    Family,
    Grid,
    Pipeline,
    meta,
    register,
    repository,
)
from app.models.size import Size

UMT5_XXL_PARAMETERS = 5_680_910_336  # of the encoder alone


def _to_vae(pipeline: Pipeline, latent: Tensor, size: Size) -> Tensor:
    config = pipeline.vae.config
    mean, deviation = (
        torch.tensor(v).view(1, -1, 1, 1, 1).to(latent) for v in (config.latents_mean, config.latents_std)
    )
    return latent / (1.0 / deviation) + mean  # in the pipeline's order of operations


def _inputs(config: Any, grid: Grid, words: int) -> dict[str, Any]:
    return {
        "hidden_states": meta(1, config.in_channels, *grid),
        "timestep": meta(1, whole=True),
        "encoder_hidden_states": meta(1, words, config.text_dim),
    }


WAN = Family(
    name="wan",
    pipeline="WanPipeline",
    layout=WHOLE_BLOCKS,
    embeddings=BOTH_HALVES,
    words=512,
    to_vae=_to_vae,
    inputs=_inputs,
    encoding={"max_sequence_length": 512},  # what the pipeline's call passes; its encode_prompt alone takes 226
)
WAN_1_3B = Checkpoint(
    card=ModelCard(
        id="wan-2.1-1.3b",
        title="Wan 2.1 1.3B",
        description=f"Full attention over space and time; whole blocks are reused. {UNCALIBRATED}",
        needs="a GPU with 16 GB or more and 29 GB of weights from Hugging Face",
        height=480,
        width=832,
        frames=81,
        fps=16.0,
        depth=30,
        steps=50,
        max_steps=1000,
        guidance=5.0,
        codebook="fast",
        motion=MotionRegularisation(),
        example_prompts=PROMPTS,
        layout=WHOLE_BLOCKS,
    ),
    family=WAN,
    repository=repository("Wan-AI/Wan2.1-T2V-1.3B-Diffusers", 29_000_000_000),
    architecture=Architecture(
        "WanTransformer3DModel",
        {"num_attention_heads": 12, "ffn_dim": 8960, "num_layers": 30},
        "AutoencoderKLWan",
        {},
        merged=(4, 8),
    ),
    text_parameters=UMT5_XXL_PARAMETERS,
    vae_in_float32=True,
)

register(WAN, WAN_1_3B)
