"""What the models that run through diffusers need of this machine."""

from app.models.diffusers.cards import FOLDER_VARIABLE, SOURCES
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
    source = SOURCES[model]
    return (
        *check_packages(PACKAGES),
        check_gpu(),
        *check_weights((source.repository,), local_folder(FOLDER_VARIABLE)),
        check_gpu_memory(stored_needs(model), plan_pipeline),
        check_host_memory(source.text_parameters),
    )
