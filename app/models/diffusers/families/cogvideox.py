"""CogVideoX: joint attention over text and video, whose tokens go through the blocks together."""

from typing import Any

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
from app.models.networks.t5 import T5_XXL_PARAMETERS
from app.models.size import Size


def _to_vae(pipeline: Pipeline, latent: Tensor, size: Size) -> Tensor:
    return 1 / pipeline.vae_scaling_factor_image * latent.permute(0, 2, 1, 3, 4)  # in the pipeline's order


def _inputs(config: Any, grid: Grid, words: int) -> dict[str, Any]:
    frames, height, width = grid
    return {
        "hidden_states": meta(2, frames, config.in_channels, height, width),
        "timestep": meta(2, whole=True),
        "encoder_hidden_states": meta(2, words, config.text_embed_dim),
    }


COGVIDEOX = Family(
    name="cogvideox",
    pipeline="CogVideoXPipeline",
    layout=WHOLE_BLOCKS,
    embeddings=BOTH_HALVES,
    words=226,
    to_vae=_to_vae,
    inputs=_inputs,
    moves_text=True,
    noise_in_float32=False,
    latent_frames=lambda latent, arguments: latent.shape[1],  # before the channels
)
COGVIDEOX_2B = Checkpoint(
    card=ModelCard(
        id="cogvideox-2b",
        title="CogVideoX-2B",
        description=f"Joint attention over text and video; whole blocks are reused. {UNCALIBRATED}",
        needs="a GPU with 12 GB or more and 14 GB of weights from Hugging Face",
        height=480,
        width=720,
        frames=49,
        fps=8.0,
        depth=30,
        steps=50,
        max_steps=1000,
        guidance=6.0,
        codebook="fast",
        motion=MotionRegularisation(),
        example_prompts=PROMPTS,
        layout=WHOLE_BLOCKS,
    ),
    family=COGVIDEOX,
    repository=repository("THUDM/CogVideoX-2b", 13_800_000_000),
    architecture=Architecture(
        "CogVideoXTransformer3DModel",
        {},
        "AutoencoderKLCogVideoX",
        {
            "down_block_types": ("CogVideoXDownBlock3D",) * 4,
            "up_block_types": ("CogVideoXUpBlock3D",) * 4,
            "block_out_channels": (128, 256, 256, 512),
            "latent_channels": 16,
            "layers_per_block": 3,
        },
        merged=(4, 8),
    ),
    text_parameters=T5_XXL_PARAMETERS,
)

register(COGVIDEOX, COGVIDEOX_2B)
