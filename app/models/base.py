"""VideoModel: what a run needs of a model, and ModelCard: what a person needs to know of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from app.caching.branches import FACTORISED, Layout
from app.caching.cache import BranchCache
from app.caching.method import MethodKind
from app.caching.motion import MotionRegularisation
from app.caching.policy import RunShape, Signal
from app.caching.sharding import ONE_PROCESS, Shard, Sharding
from app.common.sentences import listed
from app.models.condition_image import NO_IMAGES, PLACES, ConditionImage, ImagePlace, Images, missing_image
from app.models.settings import EXTENSION, NAMES, SCORES, Precision, Settings
from app.models.size import Size, SizeTable

Frames = NDArray[np.uint8]  # (frames, height, width, 3)
NO_CLIP = "the run that this one goes on from is not here; choose another, or none"


@dataclass(frozen=True)
class Chunk:
    """What a VAE encodes and decodes apart from the rest of a video; a clip is extended by whole ones."""

    latent_frames: int
    frames: int

    def frames_of(self, overlap: int) -> int:
        """Frames of whole chunks of so many latent frames in all."""
        return overlap // self.latent_frames * self.frames


@dataclass(frozen=True)
class ModelCard:
    """A model's name, settings and needs; readable without loading the model."""

    id: str
    title: str
    description: str
    needs: str  # hardware, weights and packages, in one sentence
    height: int
    width: int
    frames: int
    fps: float
    depth: int  # blocks of each part, hence probe locations 0 to depth - 1
    steps: int
    max_steps: int
    guidance: float
    codebook: str  # id of the preset it starts with
    motion: MotionRegularisation  # what motion regularisation means for this model's residuals
    example_prompts: tuple[str, ...]
    layout: Layout = FACTORISED  # the residual branches of each block
    sizes: SizeTable | None = None  # that a request may ask for; none where there is one size only
    signals: frozenset[Signal] = frozenset({"first-block"})  # what a method may see of a step, beside residuals
    flow: bool = False  # a noisy latent is (1 - t) video + t noise, so that other solvers can take its steps
    motion_fits: bool = True  # whether the constants of `motion` were made for it; else it starts with it off
    negative_prompt: str | None = None  # the one it was published with; none where it takes none
    precisions: tuple[Precision, ...] = ()  # that it can be loaded in; none where that is no choice
    flow_shift: float | None = None  # of its noise levels; none where that is no choice
    aesthetic: float | None = None  # score that its captions state; none where they state no scores
    images: tuple[ImagePlace, ...] = ()  # where a run may give it an image; none where it takes none
    needs_image: bool = False  # whether it makes no video without the one of the first frame
    chunk: Chunk | None = None  # of an overlap with which a run may go on from another; none where none may
    handover: float | None = None  # timestep below which a second transformer takes over; none where there is one
    few_steps: bool = False  # distilled to so few steps that none of them resembles the one before
    stream_bytes: int = 0  # of the token stream of a loaded model, which one kept residual takes; 0 if negligible

    def run_shape(self, schedule: tuple[float, ...]) -> RunShape:
        """What a method may know of a run of this model."""
        return RunShape(schedule, self.depth, self.layout, self.motion, restarts=restarts(schedule, self.handover))

    def refusal(self, kind: MethodKind) -> str:
        """Why a method cannot run on this model; empty where it can."""
        if kind.attention and not any(branch == "attn" for _, branch in self.layout):
            return f"{kind.title} reuses attention and MLP apart; of {self.title} only whole blocks can be reused"
        if missing := sorted(kind.signals - self.signals):
            return f"{kind.title} measures the {missing[0].replace('-', ' ')}, which {self.title} does not show"
        if self.depth < kind.blocks:
            return f"{kind.title} needs a model of at least {kind.blocks} blocks, {self.title} has {self.depth}"
        return ""

    def image_refusal(self, image: str | None) -> str:
        """Why a run cannot do without a first frame, where it has none; empty where it can or has one."""
        if not self.needs_image or image:
            return ""
        return f"{self.title} starts every video from an image; give it a first frame"

    @property
    def overlap(self) -> int | None:
        """Latent frames that a clip and the next share unless others are asked for: one chunk, as upstream."""
        return self.chunk.latent_frames if self.chunk else None

    def extension(self, extends: object, overlap: object) -> dict[str, Any]:
        """The settings that go on from a run, with the usual overlap unless another is asked for; unchecked."""
        usual = self.overlap or 1  # a model that extends no clips refuses the settings by name
        return {"extends": extends, "overlap": usual if overlap is None else overlap}

    @property
    def size(self) -> Size:
        """The size of its videos, unless a request asks for another."""
        return Size(self.height, self.width, self.frames)

    def requested_size(self, resolution: str = "", aspect_ratio: str = "", length: str = "") -> Size | None:
        """The size of these names, "" standing for the model's own; none where that is its own size altogether.

        A ValueError says what is accepted.
        """
        names = resolution, aspect_ratio, length
        if not any(names):
            return None
        if self.sizes is None:
            raise ValueError(f"{self.title} makes {self.size} only, got {' '.join(filter(None, names))[:60]!r}")
        own = self.sizes.names(self.size)
        size = self.sizes.size(*(given or usual for given, usual in zip(names, own, strict=True)))
        return None if size == self.size else size

    def requested_settings(self, asked: Settings, size: Size | None = None) -> Settings:
        """What of the settings is not its own anyway; a ValueError says what is accepted.

        size: of the videos, where it is not its own.
        """
        if strange := [name for name in asked.given if name not in self.settings]:
            said = [[name.replace("_", " ") for name in names] for names in (strange, self.settings)]
            refused, takes = map(listed, said)
            raise ValueError(f"{self.title} takes no {refused}; it takes: {takes or 'none'}")
        if asked.precision not in (None, *self.precisions):
            raise ValueError(f"{self.title} runs in {' or '.join(self.precisions)}, got {asked.precision}")
        if asked.overlap is not None:
            self._check_overlap(asked.overlap, (size or self.size).frames)
        own = {name: getattr(self, name) for name in ("negative_prompt", "flow_shift", "aesthetic")}
        return Settings(**{name: value for name, value in asked.given.items() if value != own.get(name)})

    @property
    def settings(self) -> tuple[str, ...]:
        """The names of those a run may ask for."""
        offered: dict[str, bool] = {
            "negative_prompt": self.negative_prompt is not None,
            "precision": bool(self.precisions),
            "flow_shift": self.flow_shift is not None,
            **dict.fromkeys(SCORES, self.aesthetic is not None),
            **dict.fromkeys(EXTENSION, self.chunk is not None),
        }
        return tuple(name for name in NAMES if offered.get(name, name in self.images))

    def _check_overlap(self, overlap: int, frames: int) -> None:
        assert self.chunk is not None
        one = self.chunk.latent_frames
        if overlap % one:
            raise ValueError(f"{self.title} overlaps clips by a multiple of {one} latent frames, got {overlap}")
        if (shared := self.chunk.frames_of(overlap)) >= frames:
            raise ValueError(
                f"an overlap of {overlap} latent frames is {shared} frames, which leaves nothing new of {frames}"
            )


@dataclass(frozen=True)
class GivenFrames:
    """Latent frames of a video that are given instead of denoised, such as that of an image."""

    latent: Tensor  # (1, channels, frames, height, width), clean; counts only where `given` is true
    given: Tensor  # (frames,)


@dataclass(frozen=True)
class Conditioning:
    """An encoded prompt, conditional and unconditional half, and what was understood of it."""

    text: Tensor  # (2, 1, words, caption_channels)
    mask: Tensor  # (1, words), of the prompt
    understood: tuple[tuple[str, str], ...]
    ignored: tuple[str, ...]
    frames: GivenFrames | None = None


class VideoModel(Protocol):
    """A latent video diffusion model with its text encoder and decoder."""

    card: ModelCard

    def encode_prompt(self, prompt: str) -> Conditioning:
        """Encode a prompt; a ValueError says why it cannot be used."""

    def initial_latent(self, seed: int) -> Tensor:
        """Noise of shape (1, channels, frames, height, width), a function of the seed alone."""

    def schedule(self, steps: int) -> tuple[float, ...]:
        """Timesteps of every step, from 1000 down."""

    def denoise_step(
        self,
        latent: Tensor,
        step: int,
        schedule: tuple[float, ...],
        conditioning: Conditioning,
        guidance: float,
        cache: BranchCache,
    ) -> tuple[Tensor, Tensor]:
        """One step, counted from 1: the next latent, and the clean latent the model now expects."""

    def preview(self, clean_latent: Tensor) -> Frames:
        """A quick small look at a clean latent."""

    def decode(self, latent: Tensor) -> Frames:
        """The video of a finished latent."""


@runtime_checkable
class Resizable(Protocol):
    """A model whose videos can have several sizes."""

    def with_size(self, size: Size) -> VideoModel:
        """The same model, its weights shared, for videos of another size; a ValueError where it makes none."""


@runtime_checkable
class Adjustable(Protocol):
    """A model of which a run may ask for another negative prompt or flow shift."""

    def with_settings(self, settings: Settings) -> VideoModel:
        """The same model, its weights shared; a setting that is none stays its own."""


@runtime_checkable
class ImageConditioned(Protocol):
    """A model whose videos can start from an image, or end with one."""

    def with_images(self, images: Mapping[ImagePlace, ConditionImage]) -> VideoModel:
        """The same model, its weights shared, for videos with these images; `encode_prompt` encodes them.

        A ValueError where a video of its size has no place for one.
        """


@runtime_checkable
class Extendable(Protocol):
    """A model whose videos can go on from the end of a clip."""

    def with_start(self, latent: Tensor) -> VideoModel:
        """The same model, its weights shared, for videos that begin with the last frames of a clip.

        latent: those frames, denoised, as whole chunks (1, channels, frames, height, width); `encode_prompt`
        decodes and encodes them.
        """


@runtime_checkable
class Shareable(Protocol):
    """A model whose videos several processes can make together, each of them some frames."""

    sharding: Sharding

    def shared(self, shard: Shard) -> VideoModel:
        """The same model in one of these processes; its latents have this process's frames."""


def restarts(schedule: tuple[float, ...], handover: float | None) -> frozenset[int]:
    """The step, counted from 1, in which a second transformer takes over, below the timestep `handover`."""
    second = [step for step, timestep in enumerate(schedule, 1) if handover is not None and timestep < handover]
    return frozenset(second[:1])


def sharding_of(model: VideoModel) -> Sharding:
    """How the processes share a model's videos; most models run in one."""
    return model.sharding if isinstance(model, Shareable) else ONE_PROCESS


def at_size(model: VideoModel, size: Size | None) -> VideoModel:
    """A model for videos of a size, or of its own; a ValueError where it makes others only."""
    if size is None or size == model.card.size:
        return model
    if not isinstance(model, Resizable):
        raise ValueError(f"{model.card.title} makes {model.card.size} only, got {size}")
    return model.with_size(size)


def adjusted(
    model: VideoModel, settings: Settings, images: Images = NO_IMAGES, clip: Tensor | None = None
) -> VideoModel:
    """A model with a run's settings, but for the precision it was loaded in; a ValueError where it has none.

    `images` has those that the settings ask for, `clip` is the latent (1, channels, frames, height, width) of the
    clip that they go on from; a ValueError says which of them is missing.
    """
    changed = replace(model.card.requested_settings(settings), precision=None)
    asked = {place: _image_of(images, place, id) for place, id in changed.images.items()}
    overlap = changed.overlap
    changed = replace(changed, **dict.fromkeys((*PLACES, *EXTENSION)))
    if changed.given:
        assert isinstance(model, Adjustable), f"the card of {model.card.id} offers what the model does not have"
        model = model.with_settings(changed)
    if asked:
        assert isinstance(model, ImageConditioned), (
            f"the card of {model.card.id} offers what the model cannot take"
        )
        model = model.with_images(asked)
    if overlap is not None:
        assert isinstance(model, Extendable), f"the card of {model.card.id} offers what the model cannot do"
        if clip is None:
            raise ValueError(NO_CLIP)
        model = model.with_start(clip[:, :, -overlap:])
    return model


def _image_of(images: Images, place: ImagePlace, id: str) -> ConditionImage:
    if id not in images:
        raise missing_image(place)
    return images[id]
