"""Wan: full attention over space and time; the halves of guidance take turns in the transformer."""

from dataclasses import replace
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
from app.models.settings import PRECISIONS
from app.models.size import Size

# What the published examples pass, in the words of diffusers' documentation.
NEGATIVE = (
    "Bright tones, overexposed, static, blurred details, subtitles, style, works, paintings, images, "
    "static, overall gray, worst quality, low quality, JPEG compression residue, ugly, incomplete, extra "
    "fingers, poorly drawn hands, poorly drawn faces, deformed, disfigured, misshapen limbs, fused "
    "fingers, still picture, messy background, three legs, many people in the background, walking "
    "backwards"
)
FLOW_SHIFT = 3.0  # upstream's at 480p; it takes 5 at 720p
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
    shifted=lambda shift: {"flow_shift": shift},
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
        motion_fits=False,  # they are those of Open-Sora's temporal attention
        example_prompts=PROMPTS,
        layout=WHOLE_BLOCKS,
        negative_prompt=NEGATIVE,
        precisions=PRECISIONS,
        flow_shift=FLOW_SHIFT,
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
    scheduler={"flow_shift": FLOW_SHIFT},
)
WAN_14B = replace(
    WAN_1_3B,
    card=replace(
        WAN_1_3B.card,
        id="wan-2.1-14b",
        title="Wan 2.1 14B",
        description=f"Wan 2.1's large model, here at its smaller size; whole blocks are reused. {UNCALIBRATED}",
        needs="a GPU with 40 GB or more and 80 GB of weights from Hugging Face",
        depth=40,
    ),
    repository=repository("Wan-AI/Wan2.1-T2V-14B-Diffusers", 80_000_000_000),
    architecture=replace(
        WAN_1_3B.architecture,
        transformer_config={"num_attention_heads": 40, "ffn_dim": 13824, "num_layers": 40},
    ),
)

register(WAN, WAN_1_3B, WAN_14B)
