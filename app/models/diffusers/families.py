"""How the pipelines of diffusers' video models differ: their arguments, latents, timesteps and prompts."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from app.caching.branches import TEXT_IN_SPACE, WHOLE_BLOCKS, Layout
from app.caching.cache import BranchCache
from app.models.diffusers import blocks
from app.models.diffusers.cards import FamilyName
from app.models.size import Size

Pipeline = Any  # diffusers is untyped
BOTH_HALVES = ("prompt_embeds", "negative_prompt_embeds")
MASKED_HALVES = (
    "prompt_embeds",
    "prompt_attention_mask",
    "negative_prompt_embeds",
    "negative_prompt_attention_mask",
)


@dataclass(frozen=True)
class Family:
    """A kind of pipeline. What is not said here is the same for all, or the pipeline's own default."""

    pipeline: str  # its class
    layout: Layout
    embeddings: tuple[str, ...]  # arguments that take what encode_prompt returns, in its order
    words: int  # tokens of a prompt it reads
    to_vae: Callable[
        [Pipeline, Tensor, Size], Tensor
    ]  # its latent as its decoder takes it: (1, channels, frames, h, w)
    moves_text: bool = False
    frames_argument: str = "num_frames"
    encoding: Mapping[str, Any] = field(default_factory=dict)  # further arguments of encode_prompt
    calling: Mapping[str, Any] = field(default_factory=dict)  # and of the pipeline
    timesteps: Callable[[Pipeline, Any, int, Size], None] = lambda pipeline, scheduler, steps, size: (
        scheduler.set_timesteps(steps)
    )
    prompt: Callable[[str], str] = str.strip
    noise_in_float32: bool = True  # as its loop keeps the latent; else in the precision of the weights
    latent_frames: Callable[[Tensor, Mapping[str, Any]], int] = lambda latent, arguments: latent.shape[2]
    decoding: Callable[[Pipeline, Tensor, Size], Tensor] | None = None  # where its pipeline does more than decode

    def decode(self, pipeline: Pipeline, latent: Tensor, size: Size) -> Tensor:
        """The video (1, 3, frames, height, width), about [-1, 1], with the pipeline's own arithmetic."""
        if self.decoding is not None:
            return self.decoding(pipeline, latent, size)
        vae = pipeline.vae
        video: Tensor = vae.decode(self.to_vae(pipeline, latent, size).to(vae.dtype), return_dict=False)[0]
        return video

    def schedule(self, pipeline: Pipeline, steps: int, size: Size) -> tuple[float, ...]:
        """The timesteps of a run, from a scheduler of its own."""
        scheduler = deepcopy(pipeline.scheduler)
        self.timesteps(pipeline, scheduler, steps, size)
        return tuple(float(timestep) for timestep in scheduler.timesteps)

    def attached(self, transformer: nn.Module, cache: BranchCache, frames: int) -> AbstractContextManager[None]:
        """Let a cache decide over the transformer's branches; `frames` are those of its token grid."""
        if self.layout == WHOLE_BLOCKS:
            return blocks.attached(transformer, cache, frames, moves_text=self.moves_text)
        from app.models.diffusers import latte  # imports diffusers

        assert isinstance(transformer, latte.CachedLatte)
        return latte.attached(transformer, cache)


def token_frames(transformer: Any, latent_frames: int) -> int:
    """Frames of the token grid; some transformers merge several latent frames into one."""
    patch = transformer.config.get("patch_size_t") or transformer.config.get("patch_size", 1)
    over_time = patch[0] if isinstance(patch, list | tuple) else transformer.config.get("patch_size_t") or 1
    return latent_frames // over_time


def _latte_to_vae(pipeline: Pipeline, latent: Tensor, size: Size) -> Tensor:
    return latent / pipeline.vae.config.scaling_factor


def _cogvideox_to_vae(pipeline: Pipeline, latent: Tensor, size: Size) -> Tensor:
    return 1 / pipeline.vae_scaling_factor_image * latent.permute(0, 2, 1, 3, 4)  # in the pipeline's order


def _wan_to_vae(pipeline: Pipeline, latent: Tensor, size: Size) -> Tensor:
    config = pipeline.vae.config
    mean, deviation = (
        torch.tensor(v).view(1, -1, 1, 1, 1).to(latent) for v in (config.latents_mean, config.latents_std)
    )
    return latent / (1.0 / deviation) + mean  # in the pipeline's order of operations


def _ltx_grid(pipeline: Pipeline, size: Size) -> tuple[int, int, int]:
    frames = (size.frames - 1) // pipeline.vae_temporal_compression_ratio + 1
    side = pipeline.vae_spatial_compression_ratio
    return frames, size.height // side, size.width // side


def _ltx_to_vae(pipeline: Pipeline, latent: Tensor, size: Size) -> Tensor:
    patches = pipeline.transformer_spatial_patch_size, pipeline.transformer_temporal_patch_size
    video = pipeline._unpack_latents(latent, *_ltx_grid(pipeline, size), *patches)
    vae = pipeline.vae
    return pipeline._denormalize_latents(video, vae.latents_mean, vae.latents_std, vae.config.scaling_factor)


def _ltx_decode(pipeline: Pipeline, latent: Tensor, size: Size) -> Tensor:
    """At timestep 0 and without noise where the decoder asks for one, as the pipeline does by default."""
    vae = pipeline.vae
    video = _ltx_to_vae(pipeline, latent, size).to(pipeline.transformer.dtype)
    timestep = torch.zeros(1, device=video.device, dtype=video.dtype) if vae.config.timestep_conditioning else None
    decoded: Tensor = vae.decode(video.to(vae.dtype), timestep, return_dict=False)[0]
    return decoded


def _latte_decode(pipeline: Pipeline, latent: Tensor, size: Size) -> Tensor:
    """Fourteen frames at a time, as the pipeline does."""
    video: Tensor = pipeline.decode_latents(latent, size.frames)
    return video


def _ltx_timesteps(pipeline: Pipeline, scheduler: Any, steps: int, size: Size) -> None:
    """Evenly spaced noise levels, shifted by the length of the token sequence."""
    import numpy as np
    from diffusers.pipelines.ltx.pipeline_ltx import calculate_shift

    frames, height, width = _ltx_grid(pipeline, size)
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


def _caption(prompt: str) -> str:
    from app.models.networks.caption import clean

    return clean(prompt)


LATTE = Family(
    pipeline="LattePipeline",
    layout=TEXT_IN_SPACE,
    embeddings=BOTH_HALVES,
    words=120,
    to_vae=_latte_to_vae,
    frames_argument="video_length",
    encoding={"clean_caption": False},  # cleaned here already, without the packages the pipeline's cleaning needs
    calling={"negative_prompt": None, "clean_caption": False},
    prompt=_caption,
    noise_in_float32=False,
    decoding=_latte_decode,
)
COGVIDEOX = Family(
    pipeline="CogVideoXPipeline",
    layout=WHOLE_BLOCKS,
    embeddings=BOTH_HALVES,
    words=226,
    to_vae=_cogvideox_to_vae,
    moves_text=True,
    noise_in_float32=False,
    latent_frames=lambda latent, arguments: latent.shape[1],  # before the channels
)
WAN = Family(
    pipeline="WanPipeline",
    layout=WHOLE_BLOCKS,
    embeddings=BOTH_HALVES,
    words=512,
    to_vae=_wan_to_vae,
    encoding={"max_sequence_length": 512},  # what the pipeline's call passes; its encode_prompt alone takes 226
)
LTX = Family(
    pipeline="LTXPipeline",
    layout=WHOLE_BLOCKS,
    embeddings=MASKED_HALVES,
    words=128,
    to_vae=_ltx_to_vae,
    timesteps=_ltx_timesteps,
    latent_frames=lambda latent, arguments: int(arguments["num_frames"]),  # its latent is packed
    decoding=_ltx_decode,
)
FAMILIES: dict[FamilyName, Family] = {"latte": LATTE, "cogvideox": COGVIDEOX, "wan": WAN, "ltx": LTX}
