"""Wan: full attention over space and time; the halves of guidance take turns, in 2.2 through two transformers.

From text, or from an image, whose encoding by the autoencoder, in 2.1 by CLIP as well, goes into every step.
"""

from dataclasses import replace
from typing import Any

import torch
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
HANDOVER = 875.0  # timestep of Wan 2.2's boundary ratio, 0.875
UMT5_XXL_PARAMETERS = 5_680_910_336  # of the encoder alone
CLIP_H_PARAMETERS = 632_076_800  # of the image encoder
CLIP_PATCHES = 257  # that it makes of an image


def _to_vae(pipeline: Pipeline, latent: Tensor, size: Size) -> Tensor:
    config = pipeline.vae.config
    mean, deviation = (
        torch.tensor(v).view(1, -1, 1, 1, 1).to(latent) for v in (config.latents_mean, config.latents_std)
    )
    return latent / (1.0 / deviation) + mean  # in the pipeline's order of operations


def _inputs(config: Any, grid: Grid, words: int) -> dict[str, Any]:
    inputs = {
        "hidden_states": meta(1, config.in_channels, *grid),
        "timestep": meta(1, whole=True),
        "encoder_hidden_states": meta(1, words, config.text_dim),
    }
    if config.image_dim is not None:
        inputs["encoder_hidden_states_image"] = meta(1, CLIP_PATCHES, config.image_dim)
    return inputs


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
    card=pipeline_card(
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
        guidance=5.0,
        layout=WHOLE_BLOCKS,
        negative_prompt=NEGATIVE,
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
WAN_2_2_SHIFT = 12.0  # upstream's for text to video
WAN_2_2 = replace(
    WAN_14B,
    card=replace(
        WAN_14B.card,
        id="wan-2.2-a14b",
        title="Wan 2.2 A14B",
        description="Two transformers of 14 billion parameters: one for high noise, one for low. Where the second "
        "takes over, the cache restarts, since no residual of the first is one of its own; on either side whole "
        f"blocks are reused. {UNCALIBRATED}",
        needs="a GPU with 40 GB or more, 80 GB of main memory and 126 GB of weights from Hugging Face",
        steps=40,
        guidance=4.0,
        flow_shift=WAN_2_2_SHIFT,
        handover=HANDOVER,
    ),
    repository=repository("Wan-AI/Wan2.2-T2V-A14B-Diffusers", 126_000_000_000, weights=("transformer_2",)),
    scheduler={"flow_shift": WAN_2_2_SHIFT},
)
LIGHTNING_SHIFT = 5.0
WAN_2_2_LIGHTNING = replace(
    WAN_2_2,
    card=replace(
        WAN_2_2.card,
        id="wan-2.2-lightning",
        title="Wan 2.2 Lightning",
        description="Wan 2.2 A14B, distilled to four steps without guidance. Caching cannot help it: each of so "
        "few steps changes the video a lot, and there is nothing to reuse.",
        needs="a GPU with 40 GB or more, 80 GB of main memory and 126 GB of weights from Hugging Face; "
        "caching cannot help its four steps",
        steps=4,
        guidance=1.0,
        flow_shift=LIGHTNING_SHIFT,
        few_steps=True,
    ),
    repository=repository(
        "magespace/Wan2.2-T2V-A14B-Lightning-Diffusers", 126_000_000_000, weights=("transformer_2",)
    ),
    scheduler={"flow_shift": LIGHTNING_SHIFT},
)
WAN_I2V = replace(WAN, name="wan-i2v", pipeline="WanImageToVideoPipeline", text_pipeline="WanPipeline")
CONDITIONED = 36  # channels of its input: the noisy latent, a mask of the given frames, the image's latent
WAN_I2V_14B = replace(
    WAN_14B,
    card=replace(
        WAN_14B.card,
        id="wan-2.1-i2v-14b",
        title="Wan 2.1 I2V 14B",
        description="Wan 2.1's large model for videos that start from an image, here at its smaller size; whole "
        f"blocks are reused. {UNCALIBRATED}",
        needs="a GPU with 48 GB or more and 90 GB of weights from Hugging Face",
        steps=40,
        images=("image",),
        needs_image=True,
    ),
    family=WAN_I2V,
    repository=repository(
        "Wan-AI/Wan2.1-I2V-14B-480P-Diffusers",
        90_000_000_000,
        weights=("image_encoder",),
        others=("image_processor/*.json",),
    ),
    architecture=replace(
        WAN_14B.architecture,
        transformer_config={
            **WAN_14B.architecture.transformer_config,
            "in_channels": CONDITIONED,
            "image_dim": 1280,
            "added_kv_proj_dim": 5120,
        },
    ),
    image_parameters=CLIP_H_PARAMETERS,
)
WAN_2_2_I2V_SHIFT = 5.0
WAN_2_2_I2V = replace(
    WAN_2_2,
    card=replace(
        WAN_2_2.card,
        id="wan-2.2-i2v-a14b",
        title="Wan 2.2 I2V A14B",
        description="Wan 2.2's two transformers for videos that start from an image. Where the second takes over, "
        f"the cache restarts; on either side whole blocks are reused. {UNCALIBRATED}",
        guidance=3.5,
        flow_shift=WAN_2_2_I2V_SHIFT,
        handover=900.0,
        images=("image",),
        needs_image=True,
    ),
    family=WAN_I2V,
    repository=repository("Wan-AI/Wan2.2-I2V-A14B-Diffusers", 126_000_000_000, weights=("transformer_2",)),
    architecture=replace(
        WAN_2_2.architecture,
        transformer_config={**WAN_2_2.architecture.transformer_config, "in_channels": CONDITIONED},
    ),
    scheduler={"flow_shift": WAN_2_2_I2V_SHIFT},
)

register(WAN, WAN_1_3B, WAN_14B, WAN_2_2, WAN_2_2_LIGHTNING)
register(WAN_I2V, WAN_I2V_14B, WAN_2_2_I2V)
