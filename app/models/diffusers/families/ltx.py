"""LTX-Video: a strongly compressed latent, packed into tokens, and noise levels shifted by their number."""

from typing import Any

import torch
from torch import Tensor

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


def _grid(pipeline: Pipeline, size: Size) -> Grid:
    frames = (size.frames - 1) // pipeline.vae_temporal_compression_ratio + 1
    side = pipeline.vae_spatial_compression_ratio
    return frames, size.height // side, size.width // side


def _to_vae(pipeline: Pipeline, latent: Tensor, size: Size) -> Tensor:
    patches = pipeline.transformer_spatial_patch_size, pipeline.transformer_temporal_patch_size
    video = pipeline._unpack_latents(latent, *_grid(pipeline, size), *patches)
    vae = pipeline.vae
    return pipeline._denormalize_latents(video, vae.latents_mean, vae.latents_std, vae.config.scaling_factor)


def _decode(pipeline: Pipeline, latent: Tensor, size: Size) -> Tensor:
    """At timestep 0 and without noise where the decoder asks for one, as the pipeline does by default."""
    vae = pipeline.vae
    video = _to_vae(pipeline, latent, size).to(pipeline.transformer.dtype)
    timestep = torch.zeros(1, device=video.device, dtype=video.dtype) if vae.config.timestep_conditioning else None
    decoded: Tensor = vae.decode(video.to(vae.dtype), timestep, return_dict=False)[0]
    return decoded


def _timesteps(pipeline: Pipeline, scheduler: Any, steps: int, size: Size) -> None:
    """Evenly spaced noise levels, shifted by the length of the token sequence."""
    import numpy as np
    from diffusers.pipelines.ltx.pipeline_ltx import calculate_shift

    frames, height, width = _grid(pipeline, size)
    known = {
        "base_image_seq_len": "base_seq_len",
        "max_image_seq_len": "max_seq_len",
        "base_shift": "base_shift",
        "max_shift": "max_shift",
    }
    settings = {argument: scheduler.config[name] for name, argument in known.items() if name in scheduler.config}
    # The pipeline's defaults differ from the function's where a scheduler does not say.
    settings = {"base_seq_len": 256, "max_seq_len": 4096, "base_shift": 0.5, "max_shift": 1.15, **settings}
    shift = calculate_shift(frames * height * width, **settings)
    scheduler.set_timesteps(sigmas=np.linspace(1.0, 1 / steps, steps), mu=shift)


def _inputs(config: Any, grid: Grid, words: int) -> dict[str, Any]:
    frames, height, width = grid
    return {
        "hidden_states": meta(2, frames * height * width, config.in_channels),
        "timestep": meta(2, whole=True),
        "encoder_hidden_states": meta(2, words, config.caption_channels),
        "encoder_attention_mask": meta(2, words, whole=True),
        "num_frames": frames,
        "height": height,
        "width": width,
        "rope_interpolation_scale": (8 / 25, 32, 32),
    }


LTX = Family(
    name="ltx",
    pipeline="LTXPipeline",
    layout=WHOLE_BLOCKS,
    embeddings=MASKED_HALVES,
    words=128,
    to_vae=_to_vae,
    inputs=_inputs,
    timesteps=_timesteps,
    shifted=lambda shift: {"use_dynamic_shifting": False, "shift": shift},
    latent_frames=lambda latent, arguments: int(arguments["num_frames"]),  # its latent is packed
    decoding=_decode,
)
LTX_VIDEO = Checkpoint(
    card=pipeline_card(
        id="ltx-video",
        title="LTX-Video",
        description=f"A strongly compressed latent, full attention; whole blocks are reused. {UNCALIBRATED}",
        needs="a GPU with 12 GB or more and 28 GB of weights from Hugging Face",
        height=480,
        width=704,
        frames=161,
        fps=24.0,
        depth=28,
        steps=50,
        guidance=3.0,
        layout=WHOLE_BLOCKS,
        negative_prompt="worst quality, inconsistent motion, blurry, jittery, distorted",
        flow_shift=21.4,  # what the number of its tokens, 6930, comes to: exp(0.95 + 1.1 (6930 - 1024) / 3072)
    ),
    family=LTX,
    repository=repository("Lightricks/LTX-Video", 28_500_000_000),
    architecture=Architecture("LTXVideoTransformer3DModel", {}, "AutoencoderKLLTXVideo", {}, merged=(8, 32)),
    text_parameters=T5_XXL_PARAMETERS,
)

register(LTX, LTX_VIDEO)
