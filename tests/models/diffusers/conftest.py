"""Checkpoints written once, models loaded from them, and diffusers' own output to compare with."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from diffusers import DiffusionPipeline
from PIL import Image

from app.models.diffusers.family import checkpoints
from app.models.diffusers.model import DiffusersModel
from app.selftest.checkpoints import small_checkpoint
from app.selftest.checkpoints.diffusers import BUILDERS, SIZES, write
from app.selftest.checkpoints.image import IMAGE

PROMPT = "a red fox runs over the snow"
# One of the models that share a small checkpoint; the others differ in what is published of them.
# Those that start from an image have test_image_to_video.py.
FROM_IMAGE = tuple(name for name in BUILDERS if checkpoints()[name].card.needs_image)
MODELS = tuple(name for name in BUILDERS if name not in ("wan-2.1-14b", "wan-2.2-lightning", *FROM_IMAGE))
every_model = pytest.mark.parametrize("name", MODELS)


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    return cache(lambda model: write(model, tmp_path_factory.mktemp(model)))


@pytest.fixture(scope="session")
def model(checkpoint: Callable[[str], Path]) -> Callable[[str], DiffusersModel]:
    return cache(lambda name: cast(DiffusersModel, small_checkpoint(name).load(checkpoint(name))))


def own_output(
    name: str,
    folder: Path,
    *,
    steps: int,
    guidance: float,
    seed: int,
    negative_prompt: str | None = None,
    scheduler: Callable[[Any], Any] | None = None,
) -> tuple[torch.Tensor, Any]:
    """The last latent and the video (frames, height, width, 3) in [0, 1] of the pipeline as diffusers runs it.

    negative_prompt: none for the published one. scheduler: makes another one of the configuration of its own.
    """
    source, size = checkpoints()[name], SIZES[name]
    pipeline = DiffusionPipeline.from_pretrained(folder / source.repository.name)
    if scheduler is not None:
        pipeline.scheduler = scheduler(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    latents: list[torch.Tensor] = []

    def keep(_: Any, index: int, timestep: Any, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        latents.append(tensors["latents"].clone())
        return {}

    negative = source.card.negative_prompt if negative_prompt is None else negative_prompt
    image = {"image": Image.fromarray(IMAGE.pixels)} if source.card.needs_image else {}
    result = pipeline(
        prompt=PROMPT,
        negative_prompt=negative,
        height=size.height,
        width=size.width,
        num_inference_steps=steps,
        guidance_scale=guidance,
        generator=torch.Generator().manual_seed(seed),
        output_type="np",
        callback_on_step_end=keep,
        **image,
        **{source.family.frames_argument: size.frames},
    )
    return latents[-1], result.frames[0]
