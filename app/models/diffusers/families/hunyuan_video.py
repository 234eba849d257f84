"""HunyuanVideo: blocks of two streams, then of one, over video and text; guidance is an input."""

from typing import Any

import numpy as np
from torch import Tensor

from app.caching.branches import WHOLE_BLOCKS
from app.models.diffusers.family import (
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

LLAMA_8B_PARAMETERS = 7_505_186_816  # of its blocks and the embeddings of LLaVA's 128320 tokens
CLIP_L_PARAMETERS = 123_060_480  # of the text encoder
FLOW_SHIFT = 7.0


def _to_vae(pipeline: Pipeline, latent: Tensor, size: Size) -> Tensor:
    return latent / pipeline.vae.config.scaling_factor


def _decode(pipeline: Pipeline, latent: Tensor, size: Size) -> Tensor:
    """In the decoder's precision from the start, as the pipeline does."""
    video: Tensor = pipeline.vae.decode(_to_vae(pipeline, latent.to(pipeline.vae.dtype), size), return_dict=False)[
        0
    ]
    return video


def _timesteps(pipeline: Pipeline, scheduler: Any, steps: int, size: Size) -> None:
    """Evenly spaced noise levels, which the scheduler shifts."""
    scheduler.set_timesteps(sigmas=np.linspace(1.0, 0.0, steps + 1)[:-1])


def _inputs(config: Any, grid: Grid, words: int) -> dict[str, Any]:
    return {
        "hidden_states": meta(1, config.in_channels, *grid),
        "timestep": meta(1),
        "encoder_hidden_states": meta(1, words, config.text_embed_dim),
        "encoder_attention_mask": meta(1, words),
        "pooled_projections": meta(1, config.pooled_projection_dim),
        "guidance": meta(1),
    }


HUNYUAN_VIDEO = Family(
    name="hunyuan-video",
    pipeline="HunyuanVideoPipeline",
    layout=WHOLE_BLOCKS,
    embeddings=("prompt_embeds", "pooled_prompt_embeds", "prompt_attention_mask"),
    words=256,
    to_vae=_to_vae,
    inputs=_inputs,
    moves_text=True,
    negates=False,
    timesteps=_timesteps,
    shifted=lambda shift: {"shift": shift},
    noise_in_float32=False,  # its scheduler hands the latent back in the precision of the weights
    decoding=_decode,
)
HUNYUAN = Checkpoint(
    card=pipeline_card(
        id="hunyuan-video",
        title="HunyuanVideo",
        description="Text and video in two streams, then in one; the blocks of both lists are one stack, of which "
        f"whole blocks are reused. {UNCALIBRATED}",
        needs="a GPU with 48 GB or more and 42 GB of weights from Hugging Face",
        height=544,
        width=960,
        frames=129,
        fps=24.0,
        depth=60,
        steps=50,
        guidance=6.0,
        layout=WHOLE_BLOCKS,
        flow_shift=FLOW_SHIFT,
    ),
    family=HUNYUAN_VIDEO,
    repository=repository(
        "hunyuanvideo-community/HunyuanVideo",
        41_900_000_000,
        weights=("text_encoder_2",),
        others=("tokenizer_2/*.json", "tokenizer_2/merges.txt|tokenizer_2/tokenizer.json"),
    ),
    architecture=Architecture(
        "HunyuanVideoTransformer3DModel", {}, "AutoencoderKLHunyuanVideo", {}, merged=(4, 8)
    ),
    text_parameters=LLAMA_8B_PARAMETERS + CLIP_L_PARAMETERS,
    scheduler={"shift": FLOW_SHIFT},
)

register(HUNYUAN_VIDEO, HUNYUAN)
