"""load(model): a diffusers pipeline from a local folder or the Hub, its parts where the memory plan puts them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import diffusers
import torch
from diffusers.utils import logging

from app.models.diffusers.blocks import depth
from app.models.diffusers.estimate import estimate, meta_copy, stream_bytes
from app.models.diffusers.family import FOLDER_VARIABLE, Checkpoint, Pipeline, checkpoints
from app.models.diffusers.model import DiffusersModel
from app.models.diffusers.requirements import checks
from app.models.requirements import Diagnosis
from app.models.runtime.device import compute_device
from app.models.runtime.memory import free_bytes, host_bytes
from app.models.runtime.memory_plan import MemoryPlan, plan_pipeline, weight_bytes
from app.models.runtime.weights import Progress, fetch, find, local_folder, read_config
from app.models.size import Size


def load(
    model: str, folder: Path | None = None, size: Size | None = None, progress: Progress | None = None
) -> DiffusersModel:
    """A model from a local folder, or from the Hub: what is missing there is downloaded.

    A ValueError says what is missing or does not fit. bfloat16 on a GPU, float32 on a CPU.
    """
    checkpoint = checkpoints()[model]
    folder = folder or local_folder(FOLDER_VARIABLE)
    if folder is None and (refusal := Diagnosis(checkpoint.card.title, checks(model)).refusal):
        raise ValueError(refusal)  # before gigabytes are downloaded for nothing
    place = fetch(checkpoint.repository, progress) if folder is None else find(checkpoint.repository, folder)
    device, dtype = compute_device()
    pipeline = open_pipeline(checkpoint, place, dtype)
    family = checkpoint.family
    card = checkpoint.card if size is None else replace(checkpoint.card, **vars(size))
    card = replace(card, depth=depth(pipeline.transformer))
    built = DiffusersModel(pipeline, family, card)
    grid = built.grid()
    transformer = meta_copy(pipeline.transformer)
    encoders = (pipeline.components.get(name) for name in ("text_encoder", "text_encoder_2", "image_encoder"))
    text_bytes = sum(weight_bytes(encoder) for encoder in encoders if encoder is not None)
    two = card.handover is not None
    needs = estimate(family, transformer, meta_copy(pipeline.vae), grid, text_bytes, two=two)
    plan = plan_pipeline(needs, device, free_device=free_bytes(device), free_host=host_bytes())
    arrange(pipeline, plan)
    built.card = replace(built.card, stream_bytes=stream_bytes(family, transformer, grid, family.words))
    return built


def open_pipeline(checkpoint: Checkpoint, place: Path, dtype: torch.dtype) -> Pipeline:
    """The pipeline in main memory, with the cache seam where its family has one of its own."""
    logging.disable_progress_bar()
    vae_dtype = torch.float32 if checkpoint.vae_in_float32 else dtype
    replaced: dict[str, Any] = {}
    if checkpoint.vae != "vae":
        name = read_config(place / checkpoint.vae)["_class_name"]
        replaced["vae"] = getattr(diffusers, name).from_pretrained(place / checkpoint.vae, dtype=vae_dtype)
    dtypes = {"default": dtype, "vae": vae_dtype}
    if checkpoint.image_parameters:
        dtypes["image_encoder"] = torch.float32
    # Its class by name: the repository's own index might name another one.
    pipeline = getattr(diffusers, checkpoint.family.pipeline).from_pretrained(
        place, dtype=dtypes, local_files_only=True, **replaced
    )
    if checkpoint.scheduler:
        scheduler = pipeline.scheduler
        pipeline.scheduler = type(scheduler).from_config(scheduler.config, **checkpoint.scheduler)
    checkpoint.family.adopt(pipeline.transformer)
    if checkpoint.family.tiled:
        pipeline.vae.enable_tiling()
    return pipeline


def arrange(pipeline: Pipeline, plan: MemoryPlan) -> None:
    """Put the parts on the device, or let each come and go as it is used, the text encoder first."""
    if plan.residence == "device":
        pipeline.to(plan.device)
    else:
        pipeline.enable_model_cpu_offload(device=plan.device)
