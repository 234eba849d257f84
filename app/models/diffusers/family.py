"""Family: a kind of video pipeline of diffusers. Checkpoint: a published model of one. Both register themselves.

One file of app/models/diffusers/families is one family with its checkpoints: what differs from pipeline to
pipeline, and nothing else. None imports diffusers before it is used: cards are read when the page opens.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache, partial
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import torch
from torch import Tensor, nn

from app.caching.branches import Layout
from app.caching.cache import BranchCache
from app.caching.motion import MotionRegularisation
from app.models.base import ModelCard
from app.models.diffusers import blocks
from app.models.runtime.weights import Repository
from app.models.settings import PRECISIONS
from app.models.size import Size

FOLDER_VARIABLE = "DIFFUSERS_FOLDER"  # a local folder with the repositories as subfolders, instead of the Hub
Pipeline = Any  # diffusers is untyped
Grid = tuple[int, int, int]  # latent frames, height, width
BOTH_HALVES = ("prompt_embeds", "negative_prompt_embeds")
MASKED_HALVES = (
    "prompt_embeds",
    "prompt_attention_mask",
    "negative_prompt_embeds",
    "negative_prompt_attention_mask",
)
UNCALIBRATED = "The thresholds of the codebooks are Open-Sora's, not this model's; a recording shows what fits it."
PROMPTS = (
    "A serene waterfall cascading down moss-covered rocks in a lush green forest.",
    "A golden retriever puppy runs through fresh snow towards the camera.",
    "Time-lapse of clouds rolling over a snowy mountain range under a bright blue sky.",
    "A sailing boat heels in strong wind, waves breaking over its bow.",
)
# What the cards of all pipelines say alike; a card states the rest.
pipeline_card = partial(
    ModelCard,
    max_steps=1000,
    codebook="fast",
    motion=MotionRegularisation(),
    motion_fits=False,  # they are those of Open-Sora's temporal attention
    example_prompts=PROMPTS,
    precisions=PRECISIONS,
)
_FAMILIES: dict[str, "Family"] = {}
_CHECKPOINTS: dict[str, "Checkpoint"] = {}


@dataclass(frozen=True)
class CacheSeam:
    """A transformer of a family's own that lets a cache decide over single branches, not whole blocks."""

    adopt: Callable[[Any], nn.Module]  # give a loaded transformer the seam; its weights stay
    attached: Callable[[Any, BranchCache], AbstractContextManager[None]]


@dataclass(frozen=True)
class Family:
    """A kind of pipeline. What is not said here is the same for all, or the pipeline's own default."""

    name: str
    pipeline: str  # its class
    layout: Layout
    embeddings: tuple[str, ...]  # arguments that take what encode_prompt returns, in its order
    words: int  # tokens of a prompt it reads
    # Its latent as its decoder takes it: (1, channels, frames, height, width).
    to_vae: Callable[[Pipeline, Tensor, Size], Tensor]
    # One pass of the transformer on the meta device: its arguments, of its configuration, a grid and words.
    inputs: Callable[[Any, Grid, int], dict[str, Any]]
    # Around such a pass: what of the transformer the meta device cannot do.
    on_meta: Callable[[Any], AbstractContextManager[None]] = lambda transformer: nullcontext()
    seam: Callable[[], CacheSeam] | None = None  # none: whole blocks, at any transformer of diffusers
    moves_text: bool = False  # its blocks take and return the text tokens as well
    text_width: Callable[[Any], int] | None = None  # of those tokens, where it is not the video tokens'
    text_pipeline: str | None = None  # where videos start from an image: the class that draws such noise without
    negates: bool = True  # whether guidance needs a negative prompt; else its scale is an input of the transformer
    frames_argument: str = "num_frames"
    encoding: Mapping[str, Any] = field(default_factory=dict)  # further arguments of encode_prompt
    calling: Mapping[str, Any] = field(default_factory=dict)  # and of the pipeline
    timesteps: Callable[[Pipeline, Any, int, Size], None] = lambda pipeline, scheduler, steps, size: (
        scheduler.set_timesteps(steps)
    )
    rising: bool = False  # whether its scheduler's timesteps rise, from 0 at noise; here they fall from 1000
    shifted: Callable[[float], Mapping[str, Any]] | None = None  # its scheduler's settings for a flow shift
    prompt: Callable[[str], str] = str.strip
    noise_in_float32: bool = True  # as its loop keeps the latent; else in the precision of the weights
    latent_frames: Callable[[Tensor, Mapping[str, Any]], int] = lambda latent, arguments: latent.shape[2]
    decoding: Callable[[Pipeline, Tensor, Size], Tensor] | None = None  # where its pipeline does more than decode
    tiled: bool = True  # its decoder works in tiles, which bounds its memory

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
        return tuple(map(self.falling, scheduler.timesteps))

    def falling(self, timestep: Any) -> float:
        """A timestep of its scheduler, from 1000 at noise."""
        return 1000 - float(timestep) if self.rising else float(timestep)

    def adopt(self, transformer: Any) -> Any:
        """Give a transformer its cache seam, where the family has one of its own."""
        return transformer if self.seam is None else self.seam().adopt(transformer)

    def attached(self, transformer: nn.Module, cache: BranchCache, frames: int) -> AbstractContextManager[None]:
        """Let a cache decide over the transformer's branches; `frames` are those of its token grid."""
        if self.seam is not None:
            return self.seam().attached(transformer, cache)
        return blocks.attached(transformer, cache, frames, moves_text=self.moves_text)


@dataclass(frozen=True)
class Architecture:
    """Transformer and decoder by class and the settings that differ from the class's defaults."""

    transformer: str
    transformer_config: dict[str, Any]
    vae: str
    vae_config: dict[str, Any]
    merged: tuple[int, int]  # frames, and pixels on a side, that become one latent
    causal: bool = True  # whether the first frame stays apart

    def grid(self, size: Size) -> Grid:
        """Latent frames, height and width of a video."""
        over_time, side = self.merged
        frames = (size.frames - 1) // over_time + 1 if self.causal else size.frames // over_time
        return frames, size.height // side, size.width // side


@dataclass(frozen=True)
class Checkpoint:
    """A published model: its card, where its weights are, and what its repository does not say."""

    card: ModelCard
    family: Family
    repository: Repository
    architecture: Architecture
    text_parameters: int
    image_parameters: int = 0  # of the encoder of an image, which runs in float32, as diffusers' examples have it
    vae: str = "vae"  # folder of the decoder that is used
    vae_in_float32: bool = False
    # Settings that upstream gives its scheduler, whatever the repository has.
    scheduler: Mapping[str, Any] = field(default_factory=dict)


def register(family: Family, *published: Checkpoint) -> None:
    """Add a family and its checkpoints; a ValueError where a name is taken."""
    taken = [family.name] if family.name in _FAMILIES else []
    taken += [checkpoint.card.id for checkpoint in published if checkpoint.card.id in _CHECKPOINTS]
    if taken:
        raise ValueError(f"registered already: {', '.join(taken)}")
    _FAMILIES[family.name] = family
    _CHECKPOINTS.update({checkpoint.card.id: checkpoint for checkpoint in published})


def families() -> Mapping[str, Family]:
    """Every registered family by name."""
    _discover()
    return dict(_FAMILIES)


def checkpoints() -> Mapping[str, Checkpoint]:
    """Every published model that runs through diffusers, by id."""
    _discover()
    return dict(_CHECKPOINTS)


def repository(
    name: str, size: int, *, vae: str = "vae", weights: Sequence[str] = (), others: Sequence[str] = ()
) -> Repository:
    """A pipeline's repository on the Hub with the files that are needed of it.

    size: in bytes. weights: further folders of weights; others: further files.
    """
    parts = ("text_encoder", "transformer", vae, *weights)
    configs = [f"{part}/*.json" for part in (*parts, "tokenizer", "scheduler")]
    tokenizer = "tokenizer/spiece.model|tokenizer/tokenizer.json"
    tensors = [f"{part}/*.safetensors" for part in parts]
    return Repository(name, ("model_index.json", *configs, tokenizer, *others, *tensors), size)


def handover(pipeline: Pipeline) -> float | None:
    """The timestep below which a second transformer takes over; none where the pipeline has one only."""
    ratio = pipeline.config.get("boundary_ratio")
    return None if ratio is None else float(ratio) * float(pipeline.scheduler.config.num_train_timesteps)


def token_frames(transformer: Any, latent_frames: int) -> int:
    """Frames of the token grid; some transformers merge several latent frames into one."""
    patch = transformer.config.get("patch_size_t") or transformer.config.get("patch_size", 1)
    over_time = patch[0] if isinstance(patch, list | tuple) else transformer.config.get("patch_size_t") or 1
    return latent_frames // over_time


def latent_channels(vae: Any) -> int:
    """Channels of what an autoencoder makes of a video."""
    return int(vae.config.get("z_dim") or vae.config.latent_channels)


def meta(*shape: int, whole: bool = False) -> Tensor:
    """An empty tensor on the meta device; `whole`: of integers."""
    return torch.empty(*shape, device="meta", dtype=torch.long if whole else torch.float32)


@cache
def _discover() -> None:
    """Import every file of app/models/diffusers/families; each registers its family."""
    package = import_module("app.models.diffusers.families")
    for module in iter_modules(package.__path__):
        import_module(f"{package.__name__}.{module.name}")
