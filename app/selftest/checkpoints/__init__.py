"""Small random checkpoints in the published layout, one for every model that is not embedded."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.models.base import VideoModel
from app.selftest.checkpoints.image import IMAGE


@dataclass(frozen=True)
class SmallCheckpoint:
    """How to write a model's small checkpoint, and how to load the model from it."""

    write: Callable[[Path], Path]
    load: Callable[[Path], VideoModel]


def small_checkpoint(model: str) -> SmallCheckpoint:
    """A model's small checkpoint; a ValueError where none is known."""
    if model == "open-sora-1.2":
        from app.models.open_sora.model import load as load_open_sora
        from app.selftest.checkpoints import open_sora

        return SmallCheckpoint(open_sora.write_checkpoint, lambda folder: load_open_sora(folder, open_sora.SIZE))
    if model == "open-sora-plan-1.1":
        from app.models.open_sora_plan.model import load as load_open_sora_plan
        from app.selftest.checkpoints import open_sora_plan

        return SmallCheckpoint(open_sora_plan.write_checkpoint, load_open_sora_plan)
    from app.models.diffusers.load import load
    from app.selftest.checkpoints import diffusers

    if model not in diffusers.BUILDERS:
        raise ValueError(
            f"no small checkpoint of {model} is known; add one to app/selftest/checkpoints/diffusers.py"
        )

    def loaded(folder: Path) -> VideoModel:
        found = load(model, folder, diffusers.SIZES[model])
        return found.with_images({"image": IMAGE}) if found.card.needs_image else found

    return SmallCheckpoint(lambda folder: diffusers.write(model, folder), loaded)
