"""VideoModel: what a race needs of a model, and ModelCard: what a person needs to know of it."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from app.caching.adacache import MotionRegularisation
from app.caching.branch import FACTORISED, Layout
from app.caching.cache import BranchCache
from app.caching.policy import RunShape

Frames = NDArray[np.uint8]  # (frames, height, width, 3)


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
    stream_bytes: int = 0  # of the token stream of a loaded model, which one kept residual takes; 0 if negligible

    def run_shape(self, schedule: tuple[float, ...]) -> RunShape:
        """What a method may know of a run of this model."""
        return RunShape(schedule, self.depth, self.layout)


@dataclass(frozen=True)
class Conditioning:
    """An encoded prompt, conditional and unconditional half, and what was understood of it."""

    text: Tensor  # (2, 1, words, caption_channels)
    mask: Tensor  # (1, words), of the prompt
    understood: tuple[tuple[str, str], ...]
    ignored: tuple[str, ...]
    first_frame: Tensor | None = None  # (1, channels, 1, height, width), a clean latent the video starts from


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
