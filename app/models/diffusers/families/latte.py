"""Latte: spatial and temporal blocks by turns, text in the spatial ones; every residual branch can be reused."""

from typing import Any

from torch import Tensor

from app.caching.branches import TEXT_IN_SPACE
from app.models.diffusers.family import (
    BOTH_HALVES,
    Architecture,
    CacheSeam,
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
    return latent / pipeline.vae.config.scaling_factor


def _decode(pipeline: Pipeline, latent: Tensor, size: Size) -> Tensor:
    """Fourteen frames at a time, as the pipeline does."""
    video: Tensor = pipeline.decode_latents(latent, size.frames)
    return video


def _inputs(config: Any, grid: Grid, words: int) -> dict[str, Any]:
    return {
        "hidden_states": meta(2, config.in_channels, *grid),
        "timestep": meta(2, whole=True),
        "encoder_hidden_states": meta(2, words, config.caption_channels),
    }


def _caption(prompt: str) -> str:
    from app.models.networks.caption import clean

    return clean(prompt)


def _seam() -> CacheSeam:
    from app.models.diffusers import latte_transformer  # imports diffusers

    return CacheSeam(latte_transformer.adopt, latte_transformer.attached)


LATTE = Family(
    name="latte",
    pipeline="LattePipeline",
    layout=TEXT_IN_SPACE,
    embeddings=BOTH_HALVES,
    words=120,
    to_vae=_to_vae,
    inputs=_inputs,
    seam=_seam,
    frames_argument="video_length",
    encoding={"clean_caption": False},  # cleaned here already, without the packages the pipeline's cleaning needs
    calling={"negative_prompt": None, "clean_caption": False},
    prompt=_caption,
    noise_in_float32=False,
    decoding=_decode,
    tiled=False,
)
LATTE_1 = Checkpoint(
    card=pipeline_card(
        id="latte-1",
        title="Latte-1",
        description="Latte's text-to-video transformer through diffusers, decoded with the temporal decoder. "
        "The thresholds of the codebooks are Open-Sora's, as Latte's are published nowhere.",
        needs="a GPU with 12 GB or more and 22 GB of weights from Hugging Face",
        height=512,
        width=512,
        frames=16,
        fps=8.0,
        depth=28,
        steps=50,
        guidance=7.5,
        layout=TEXT_IN_SPACE,
        negative_prompt="",
        signals=frozenset({"modulated-input", "first-block"}),
    ),
    family=LATTE,
    repository=repository("maxin-cn/Latte-1", 23_700_000_000, vae="vae_temporal_decoder"),
    architecture=Architecture(
        "LatteTransformer3DModel",
        {
            "num_attention_heads": 16,
            "attention_head_dim": 72,
            "in_channels": 4,
            "out_channels": 8,
            "num_layers": 28,
            "cross_attention_dim": 1152,
            "attention_bias": True,
            "sample_size": 64,
            "patch_size": 2,
            "activation_fn": "gelu-approximate",
            "num_embeds_ada_norm": 1000,
            "norm_type": "ada_norm_single",
            "norm_elementwise_affine": False,
            "norm_eps": 1e-6,
            "caption_channels": 4096,
            "video_length": 16,
        },
        "AutoencoderKLTemporalDecoder",
        {
            "down_block_types": ("DownEncoderBlock2D",) * 4,
            "block_out_channels": (128, 256, 512, 512),
            "layers_per_block": 2,
        },
        merged=(1, 8),
        causal=False,
    ),
    text_parameters=T5_XXL_PARAMETERS,
    vae="vae_temporal_decoder",
    # As the released sampling script makes it.
    scheduler={"beta_start": 1e-4, "beta_end": 0.02, "beta_schedule": "linear", "clip_sample": False},
)

register(LATTE, LATTE_1)
