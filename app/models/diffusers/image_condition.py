"""ImageCondition: what a pipeline makes of the image that a video starts from, made before its first step.

Encoding is then no part of a step that is measured, and what it draws of a seed is drawn once, before the noise.
"""

from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from app.models.condition_image import ConditionImage
from app.models.diffusers.family import Pipeline, latent_channels
from app.models.size import Size


@dataclass(frozen=True)
class ImageCondition:
    """Beside the noisy latent in every step."""

    latent: (
        Tensor  # of the image, in the pipeline's own order of axes, with a mask of what is given where it has one
    )
    embeddings: Tensor | None  # (1, patches, channels), of an image encoder where the pipeline has one


def condition_on(
    pipeline: Pipeline, image: ConditionImage, size: Size, noise: Tensor, generator: torch.Generator
) -> ImageCondition:
    """Resize and encode an image as the pipeline does, which may draw from the generator.

    noise: any latent of a video of this size, whose device and precision the result has.
    """
    picture = Image.fromarray(image.pixels)
    with torch.inference_mode():
        pixels = pipeline.video_processor.preprocess(picture, height=size.height, width=size.width).to(noise)
        _, latent = pipeline.prepare_latents(
            pixels,
            batch_size=1,
            num_channels_latents=latent_channels(pipeline.vae),
            height=size.height,
            width=size.width,
            num_frames=size.frames,
            dtype=noise.dtype,
            device=noise.device,
            generator=generator,
            latents=noise,
        )
        encodes = pipeline.transformer.config.get("image_dim") is not None
        embeddings = pipeline.encode_image(picture, noise.device) if encodes else None
    return ImageCondition(latent, embeddings)


def hand_over(pipeline: Pipeline, latent: Tensor, condition: ImageCondition, size: Size) -> dict[str, Any]:
    """Have the calls of a pipeline, a copy for one run, take what is made already; returns their image.

    It is blank, since a call insists on one, and resizes it.
    """
    pipeline.prepare_latents = lambda *_, **__: (latent, condition.latent)
    pipeline.encode_image = lambda *_, **__: condition.embeddings
    return {"image": torch.zeros(1, 3, size.height, size.width)}
