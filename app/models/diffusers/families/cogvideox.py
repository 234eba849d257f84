"""CogVideoX: joint attention over text and video, whose tokens go through the blocks together; an image too."""

from dataclasses import replace
from typing import Any

from torch import Tensor

from app.caching.branches import WHOLE_BLOCKS
from app.models.diffusers.family import (
    BOTH_HALVES,
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


def _to_vae(pipeline: Pipeline, latent: Tensor, size: Size) -> Tensor:
    return 1 / pipeline.vae_scaling_factor_image * latent.permute(0, 2, 1, 3, 4)  # in the pipeline's order


def _inputs(config: Any, grid: Grid, words: int) -> dict[str, Any]:
    frames, height, width = grid
    inputs: dict[str, Any] = {
        "hidden_states": meta(2, frames, config.in_channels, height, width),
        "timestep": meta(2, whole=True),
        "encoder_hidden_states": meta(2, words, config.text_embed_dim),
    }
    if config.use_rotary_positional_embeddings:  # cosine and sine for every token
        tokens = frames * (height // config.patch_size) * (width // config.patch_size)
        inputs["image_rotary_emb"] = (meta(tokens, config.attention_head_dim),) * 2
    return inputs


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
    card=pipeline_card(
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
        guidance=6.0,
        layout=WHOLE_BLOCKS,
        negative_prompt="",
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
COGVIDEOX_5B = Checkpoint(
    card=replace(
        COGVIDEOX_2B.card,
        id="cogvideox-5b",
        title="CogVideoX-5B",
        description="CogVideoX-2B's larger sibling, with rotary positions; whole blocks are reused. "
        f"{UNCALIBRATED}",
        needs="a GPU with 24 GB or more and 22 GB of weights from Hugging Face",
        depth=42,
    ),
    family=COGVIDEOX,
    repository=repository("THUDM/CogVideoX-5b", 21_500_000_000),
    architecture=replace(
        COGVIDEOX_2B.architecture,
        transformer_config={
            "num_attention_heads": 48,
            "num_layers": 42,
            "use_rotary_positional_embeddings": True,
        },
    ),
    text_parameters=T5_XXL_PARAMETERS,
)
COGVIDEOX_I2V = replace(
    COGVIDEOX,
    name="cogvideox-i2v",
    pipeline="CogVideoXImageToVideoPipeline",
    text_pipeline="CogVideoXPipeline",
)
COGVIDEOX_5B_I2V = replace(
    COGVIDEOX_5B,
    card=replace(
        COGVIDEOX_5B.card,
        id="cogvideox-5b-i2v",
        title="CogVideoX-5B I2V",
        description="CogVideoX-5B for videos that start from an image, whose latent is a second input of every "
        f"step; whole blocks are reused. {UNCALIBRATED}",
        images=("image",),
        needs_image=True,
    ),
    family=COGVIDEOX_I2V,
    repository=repository("THUDM/CogVideoX-5b-I2V", 21_500_000_000),
    architecture=replace(
        COGVIDEOX_5B.architecture,
        transformer_config={
            **COGVIDEOX_5B.architecture.transformer_config,
            "in_channels": 32,
            "use_learned_positional_embeddings": True,
        },
    ),
)

register(COGVIDEOX, COGVIDEOX_2B, COGVIDEOX_5B)
register(COGVIDEOX_I2V, COGVIDEOX_5B_I2V)
