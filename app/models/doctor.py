"""diagnose(model) -> Diagnosis: what is present and missing on this machine, and whether the model can run.

python -m app doctor --model open-sora-1.2 prints it and exits with its `exit_status`.
"""

from importlib import import_module

from app.models.registry import REQUIREMENTS, card
from app.models.requirements import Diagnosis, check_gpu
from app.models.size import Size


def diagnose(model: str, size: Size | None = None) -> Diagnosis:
    """Check a model's needs for a size it offers, or its own; loads and downloads nothing.

    A ValueError names the models there are.
    """
    described = card(model)
    if model not in REQUIREMENTS:
        return Diagnosis(described.title, ())
    module, *arguments = REQUIREMENTS[model]
    return Diagnosis(described.title, tuple(import_module(module).checks(*arguments, *([size] if size else []))))


def missing(model: str, size: Size | None = None) -> str | None:
    """Why a model cannot be picked here, in words for the page; none where it can, if need be after a download.

    A GPU that is not there is the whole answer, at once: what it would need of one takes seconds to work out.
    """
    if model in REQUIREMENTS and check_gpu().state == "missing":
        return f"{card(model).title} cannot run here: PyTorch finds no GPU"
    return diagnose(model, size).refusal
