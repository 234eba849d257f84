"""diagnose(model) -> Diagnosis: what is present and missing on this machine, and whether the model can run.

python -m app doctor --model open-sora-1.2 prints it and exits with its `exit_status`.
"""

from importlib import import_module

from app.models.registry import REQUIREMENTS, card
from app.models.requirements import Diagnosis


def diagnose(model: str) -> Diagnosis:
    """Check a model's needs; a ValueError names the models there are. Loads and downloads nothing."""
    described = card(model)
    if model not in REQUIREMENTS:
        return Diagnosis(described.title, ())
    module, *arguments = REQUIREMENTS[model]
    return Diagnosis(described.title, tuple(import_module(module).checks(*arguments)))


def missing(model: str) -> str | None:
    """Why a model cannot be picked here, in words for the page; none where it can, if need be after a download."""
    return diagnose(model).refusal
