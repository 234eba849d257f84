"""The models there are: their cards, readable at once, and their loaders, run when a model is picked."""

from collections.abc import Callable
from contextlib import nullcontext
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import cast

import torch

from app.models.base import ModelCard, VideoModel
from app.models.diffusers.family import checkpoints
from app.models.open_sora.card import CARD as OPEN_SORA
from app.models.open_sora_plan.card import CARD as OPEN_SORA_PLAN
from app.models.runtime.device import compute_device, computing_on, device_name
from app.models.settings import Precision, Settings
from app.models.sprites.card import CARD as SPRITES

DIFFUSERS = tuple(checkpoint.card for checkpoint in checkpoints().values())
CARDS: dict[str, ModelCard] = {card.id: card for card in (SPRITES, OPEN_SORA, OPEN_SORA_PLAN, *DIFFUSERS)}
# A module, and the arguments of its load() or checks().
LOADERS: dict[str, tuple[str, ...]] = {
    "sprites": ("app.models.sprites.model",),
    "open-sora-1.2": ("app.models.open_sora.model",),
    "open-sora-plan-1.1": ("app.models.open_sora_plan.model",),
    **{card.id: ("app.models.diffusers.load", card.id) for card in DIFFUSERS},
}
FROM_FOLDER = ("open-sora-1.2", "open-sora-plan-1.1")  # models whose load() takes a folder of checkpoints
REQUIREMENTS: dict[str, tuple[str, ...]] = {  # of those that have any
    "open-sora-1.2": ("app.models.open_sora.requirements",),
    "open-sora-plan-1.1": ("app.models.open_sora_plan.requirements",),
    **{card.id: ("app.models.diffusers.requirements", card.id) for card in DIFFUSERS},
}


def device_of(model: str) -> str:
    """What to call the device that a model runs on here: Sprites runs on the CPU even beside a GPU."""
    return device_name(uses_gpu=model in REQUIREMENTS)


def card(model: str) -> ModelCard:
    """A model's card; a ValueError names the models there are."""
    if model not in CARDS:
        raise ValueError(f"no model {model!r}; there are: {', '.join(CARDS)}")
    return CARDS[model]


def load_model(model: str, weights: Path | None = None, precision: Precision | None = None) -> VideoModel:
    """Load a model once in each precision; nothing is imported or read before. A ValueError says what is missing.

    weights: a folder of checkpoints in the published layout, for models that are not embedded.
    precision: none for the device's own; another one is loaded beside it.
    """
    card(model).requested_settings(Settings(precision=precision))
    if precision is not None and getattr(torch, precision) == compute_device()[1]:
        precision = None
    return _loaded(model, weights, precision)


@cache
def _loaded(model: str, weights: Path | None, precision: Precision | None) -> VideoModel:
    module, *given = LOADERS[model]
    arguments: list[str | Path] = [*given]
    try:
        load = import_module(module).load
    except ModuleNotFoundError as error:
        name = (error.name or "").split(".")[0]
        raise ValueError(f"{card(model).title} needs the package {name} (requirements-models.txt)") from None
    if weights is not None:
        if model not in FROM_FOLDER:
            raise ValueError(f"--weights is for {' and '.join(FROM_FOLDER)}, not for {model}")
        arguments = [weights]
    chosen = nullcontext() if precision is None else computing_on(compute_device()[0], getattr(torch, precision))
    with chosen:
        return cast(Callable[..., VideoModel], load)(*arguments)
