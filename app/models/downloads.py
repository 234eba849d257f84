"""fetch_weights(model): a model's published weights brought to this machine, nothing loaded.

Where the device is borrowed for seconds at a time, downloads must come before it.
"""

from importlib import import_module

from app.models.diffusers.family import FOLDER_VARIABLE, checkpoints
from app.models.registry import REQUIREMENTS, card
from app.models.runtime.weights import Repository, local_folder, locate

OWN = {"open-sora-1.2": "app.models.open_sora", "open-sora-plan-1.1": "app.models.open_sora_plan"}


def fetch_weights(model: str) -> None:
    """Download what is missing of a model; a WeightsError says what cannot be had."""
    repositories, variable = _published(model)
    for repository in repositories:
        locate(repository, local_folder(variable))


def _published(model: str) -> tuple[tuple[Repository, ...], str]:
    """A model's repositories, and the variable that names a folder to take them from instead."""
    if card(model).id not in REQUIREMENTS:
        return (), ""  # embedded
    if model in OWN:
        module = import_module(f"{OWN[model]}.repositories")
        return module.REPOSITORIES, module.FOLDER_VARIABLE
    return (checkpoints()[model].repository,), FOLDER_VARIABLE
