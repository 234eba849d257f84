"""What the models that run through diffusers need of this machine."""

from app.models.diffusers.family import FOLDER_VARIABLE, checkpoints
from app.models.diffusers.stored import stored_needs
from app.models.requirements import (
    Check,
    check_gpu,
    check_gpu_memory,
    check_host_memory,
    check_packages,
    check_weights,
)
from app.models.runtime.memory_plan import plan_pipeline
from app.models.runtime.weights import local_folder

PACKAGES = ("diffusers", "transformers", "accelerate", "sentencepiece", "google.protobuf", "ftfy")


def checks(model: str) -> tuple[Check, ...]:
    """Packages, GPU, weights and memory, for the size on the card."""
    checkpoint = checkpoints()[model]
    return (
        *check_packages(PACKAGES),
        check_gpu(),
        *check_weights((checkpoint.repository,), local_folder(FOLDER_VARIABLE)),
        check_gpu_memory(stored_needs(model), plan_pipeline),
        check_host_memory(checkpoint.text_parameters),
    )
