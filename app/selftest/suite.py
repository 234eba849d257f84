"""selftest(models, device) -> checks: every model from a small random checkpoint, in both precisions."""

import gc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from app.models.base import VideoModel
from app.models.diffusers.model import DiffusersModel
from app.models.published import PublishedModel
from app.models.registry import REQUIREMENTS, load_model
from app.models.runtime.device import computing_on
from app.selftest.checkpoints import small_checkpoint
from app.selftest.contract import Attempts, Broken, Check, check_model
from app.selftest.convolutions import bfloat16_convolutions

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def selftest(models: Sequence[str], device: torch.device) -> Iterator[Check]:
    """Every check of these models on a device; nothing is downloaded, and what is written is removed."""
    for name in models:
        if name not in REQUIREMENTS:  # embedded: its own weights, on the CPU, in float32
            yield from check_model(load_model(name), name, "float32")
            continue
        with TemporaryDirectory() as temporary:
            folder = Path(temporary)
            written = Attempts(name, "any")("checkpoint", partial(_write, name, folder))
            yield written
            if not written.holds:
                continue
            for precision, dtype in PRECISIONS.items():
                with computing_on(device, dtype), bfloat16_convolutions(device):
                    loaded: list[VideoModel] = []
                    yield Attempts(name, precision)("load", partial(_load, name, folder, dtype, loaded))
                    if loaded:
                        gc.freeze()  # a stopped run collects what it left: of what it made, not of all modules
                        yield from check_model(loaded[0], name, precision)
                        gc.unfreeze()


@dataclass(frozen=True)
class Testing:
    """The work of the command (`app.workers.work.Work`): every check of a model."""

    device: str

    def prepare(self) -> torch.device:
        """The device to try the models on."""
        return torch.device(self.device)

    def do(self, device: torch.device, model: str, folder: Path) -> list[Check]:
        """All checks of one model; nothing is left in the folder."""
        return list(selftest([model], device))


def _write(name: str, folder: Path) -> str:
    small_checkpoint(name).write(folder)
    return "random weights in the published layout"


def _load(name: str, folder: Path, dtype: torch.dtype, loaded: list[VideoModel]) -> str:
    model = small_checkpoint(name).load(folder)
    found = _transformer_dtype(model)
    if found != dtype:
        raise Broken(f"its weights are {found}, not {dtype}")
    loaded.append(model)
    return f"{model.card.depth} blocks, {model.card.size}"


def _transformer_dtype(model: VideoModel) -> torch.dtype:
    if isinstance(model, PublishedModel):
        return next(model.parts.use("transformer").parameters()).dtype
    if isinstance(model, DiffusersModel):
        found: torch.dtype = model.pipeline.transformer.dtype
        return found
    raise ValueError(f"{model.card.title} has no transformer that is known")
