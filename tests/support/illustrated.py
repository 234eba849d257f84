"""The tiny model, taking images and clips: its noise begins with the colours of one, or with a clip's end."""

from collections.abc import Mapping
from copy import copy
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from app.models.base import Chunk, ModelCard
from app.models.condition_image import ConditionImage, ImagePlace
from app.models.settings import Settings
from tests.support.tiny import CARD, TinyVideoModel

ILLUSTRATED = replace(
    CARD,
    id="illustrated",
    title="Illustrated",
    images=("image", "last_image"),
    chunk=Chunk(1, 1),
    aesthetic=6.5,
)
FROM_IMAGE = replace(CARD, id="from-image", title="From an image", images=("image",), needs_image=True)


class IllustratedModel(TinyVideoModel):
    """A VideoModel that starts from an image or from the end of a clip."""

    images: Mapping[ImagePlace, ConditionImage] = {}
    start: Tensor | None = None

    def __init__(self, card: ModelCard = ILLUSTRATED) -> None:
        super().__init__()
        self.card = card

    def with_images(self, images: Mapping[ImagePlace, ConditionImage]) -> "IllustratedModel":
        model = copy(self)
        model.images = images
        return model

    def with_start(self, latent: Tensor) -> "IllustratedModel":
        model = copy(self)
        model.start = latent
        return model

    def with_settings(self, settings: Settings) -> "IllustratedModel":
        return self  # its captions state no scores

    def initial_latent(self, seed: int) -> Tensor:
        latent = super().initial_latent(seed)
        if "image" in self.images:
            _, _, _, height, width = latent.shape
            colours = torch.from_numpy(self.images["image"].fitted(height, width).copy()).permute(2, 0, 1)
            latent[0, :3, 0] = colours / 127.5 - 1
        if self.start is not None:
            latent[:, :, : self.start.shape[2]] = self.start
        return latent


def gradient(turned: bool = False) -> ConditionImage:
    """An image with no two equal columns, 60 x 40."""
    row = np.linspace(0, 255, 60, dtype=np.uint8)
    pixels = np.broadcast_to(row[None, :, None], (40, 60, 3)).copy()
    return ConditionImage(255 - pixels if turned else pixels)
