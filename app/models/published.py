"""What models of published checkpoints share: parts in turn under a memory plan, noise, previews and pictures."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from copy import copy
from dataclasses import replace
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from app.caching.cache import NO_CACHE, BranchCache
from app.caching.sharding import Shard, Sharding, unshared
from app.models.base import Conditioning, Frames, ModelCard
from app.models.preview import LatentToRGB, fit
from app.models.runtime.parts import Parts

WARM_UP_TIMESTEP = 500.0


class PublishedModel(ABC):
    """A transformer and a VAE, on the device only while they work, as `parts.plan` says."""

    def __init__(
        self,
        parts: Parts,
        card: ModelCard,
        latent_shape: tuple[int, ...],  # (channels, frames, height, width)
        durations: list[int],  # frames that each latent frame stands for
        caption_shape: tuple[int, int],  # (words, channels) of an encoded caption
        preview_frames: int,  # of the still video that previews are fitted on
    ):
        self.parts = parts
        self.card = card
        self.latent_shape = latent_shape
        self.durations = durations
        self.caption_shape = caption_shape
        self.preview_frames = preview_frames
        self.shard: Shard = unshared
        self.sharding: Sharding = unshared(latent_shape[1])
        self.look: LatentToRGB | None = None
        self.warm = False

    def shared(self, shard: Shard) -> Self:
        """The same model in one of several processes that share each video; its latents have the own frames."""
        model = copy(self)
        model.shard, model.sharding = shard, shard(self.latent_shape[1])
        stream_bytes = -(-self.card.stream_bytes // model.sharding.processes)
        model.card = replace(self.card, stream_bytes=stream_bytes)
        return model

    @abstractmethod
    def predict(
        self, latent: Tensor, timestep: float, conditioning: Conditioning, guidance: float, cache: BranchCache
    ) -> Tensor:
        """The guided prediction for a latent (1, channels, frames, height, width)."""

    @abstractmethod
    def encode_video(self, vae: nn.Module, video: Tensor) -> Tensor:
        """(1, 3, frames, height, width) in [-1, 1] -> its latent."""

    @abstractmethod
    def decode_video(self, vae: nn.Module, latent: Tensor) -> Iterable[Tensor]:
        """A latent -> its video, about [-1, 1], in pieces (1, 3, frames, height, width)."""

    def noise(self, seed: int) -> Tensor:
        """Noise of the seed, the same on every machine; drawn on the CPU, unlike upstream's."""
        self.prepare()
        noise = torch.randn(1, *self.latent_shape, generator=torch.Generator().manual_seed(seed))
        return self.sharding.own_frames(noise.to(self.parts.plan.device), dim=2)

    def look_at(self, clean_latent: Tensor) -> Frames:
        """A linear look at a latent, one pixel for 8 x 8."""
        self.prepare()
        assert self.look is not None
        return self.look.frames(self.sharding.all_frames(clean_latent, dim=2), self.durations)

    def pictures(self, latent: Tensor) -> Frames:
        """The video, decoded a piece at a time.

        Ends with the transformer back in its place, so that no step of the run's other side pays for it.
        """
        latent = self.sharding.all_frames(latent, dim=2)
        vae = self.parts.use("vae")
        pieces = self.decode_video(vae, latent.to(next(vae.parameters()).dtype))
        pictures = [
            (piece[0].float() * 127.5 + 128).clamp(0, 255).byte().permute(1, 2, 3, 0).cpu() for piece in pieces
        ]
        self.parts.use("transformer")
        return np.asarray(torch.cat(pictures))

    def prepare(self) -> None:
        """What must not count as denoising: the preview's fit, loading the transformer, and a first step."""
        if self.look is None:
            self.look = fit(self.encode, self.preview_frames)
        self.parts.use("transformer")
        if self.warm:
            return
        self.warm = True
        device = self.parts.plan.device
        if device.type == "cuda":
            text = torch.zeros(2, 1, *self.caption_shape, device=device)
            blank = Conditioning(text, torch.ones(1, self.caption_shape[0], device=device), (), ())
            latent = self.sharding.own_frames(torch.zeros(1, *self.latent_shape, device=device), dim=2)
            with torch.inference_mode():
                self.predict(latent, WARM_UP_TIMESTEP, blank, self.card.guidance, NO_CACHE)

    def encode(self, video: Tensor) -> Tensor:
        """The latent of a video (1, 3, frames, height, width) of any device and type."""
        vae = self.parts.use("vae")
        return self.encode_video(vae, video.to(next(vae.parameters())))
