"""Watched: a video model whose latents, previews and videos are looked at while a run is made with it."""

from collections.abc import Mapping
from threading import Event as Flag
from typing import Self

import numpy as np
import torch
from torch import Tensor

from app.caching.cache import BranchCache
from app.models.base import Conditioning, Frames, VideoModel
from app.models.condition_image import ConditionImage, ImagePlace


class Watched:
    """The model as it is; `faults` says in words what a run should not have made."""

    def __init__(self, model: VideoModel):
        self.model = model
        self.card = model.card
        self.faults: list[str] = []
        self.step = 0  # that is under way; 0 between steps
        self.previews = 0
        self.last: Tensor | None = None  # latent of the last step made

    def encode_prompt(self, prompt: str) -> Conditioning:
        """As the model does."""
        return self.model.encode_prompt(prompt)

    def with_images(self, images: Mapping[ImagePlace, ConditionImage]) -> Self:
        """As it is: a model that needs an image was loaded with one."""
        return self

    def initial_latent(self, seed: int) -> Tensor:
        """As the model does."""
        return self.model.initial_latent(seed)

    def schedule(self, steps: int) -> tuple[float, ...]:
        """As the model does."""
        return self.model.schedule(steps)

    def denoise_step(
        self,
        latent: Tensor,
        step: int,
        schedule: tuple[float, ...],
        conditioning: Conditioning,
        guidance: float,
        cache: BranchCache,
    ) -> tuple[Tensor, Tensor]:
        """One step; its latents have to be finite, of the shape and dtype that they came in."""
        self.step = step
        try:
            following, clean = self.model.denoise_step(latent, step, schedule, conditioning, guidance, cache)
        finally:
            self.step = 0
        if (following.shape, following.dtype, following.device) != (latent.shape, latent.dtype, latent.device):
            self._fault(f"step {step} turns {_kind(latent)} into {_kind(following)}")
        if not (following.isfinite().all() and clean.isfinite().all()):
            self._fault(f"step {step} makes numbers that are not finite")
        if torch.equal(following, latent):
            self._fault(f"step {step} changes nothing")
        self.last = following
        return following, clean

    def preview(self, clean_latent: Tensor) -> Frames:
        """A look at a latent, with as many frames as the video."""
        frames = self.model.preview(clean_latent)
        self.previews += 1
        if len(frames) != self.card.frames:
            self._fault(f"a preview has {len(frames)} frames, the video {self.card.frames}")
        return frames

    def decode(self, latent: Tensor) -> Frames:
        """The video: of the card's size, and more than one colour."""
        frames = np.asarray(self.model.decode(latent))
        if frames.shape != (size := (self.card.frames, self.card.height, self.card.width, 3)):
            self._fault(f"the video is {frames.shape}, its card says {size}")
        if frames.min() == frames.max():
            self._fault("the video is one colour")
        return frames

    def _fault(self, words: str) -> None:
        if words not in self.faults:
            self.faults.append(words)


class InsideAStep(Flag):
    """A stop flag that is set while the second step of a run is under way."""

    def __init__(self, model: Watched):
        super().__init__()
        self.model = model

    def is_set(self) -> bool:
        """Whether a run is to stop."""
        return self.model.step == 2


def _kind(latent: Tensor) -> str:
    return f"{tuple(latent.shape)} {str(latent.dtype).removeprefix('torch.')} on {latent.device}"
