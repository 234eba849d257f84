"""What Open-Sora-Plan 1.1 needs of this machine."""

from app.models.networks.t5 import PACKAGES, T5_XXL_PARAMETERS
from app.models.open_sora_plan.needs import PUBLISHED
from app.models.open_sora_plan.repositories import FOLDER_VARIABLE, REPOSITORIES
from app.models.requirements import (
    Check,
    check_gpu,
    check_gpu_memory,
    check_host_memory,
    check_packages,
    check_weights,
)
from app.models.runtime.weights import local_folder


def checks() -> tuple[Check, ...]:
    """Packages, GPU, weights and memory."""
    return (
        *check_packages(PACKAGES),
        check_gpu(),
        *check_weights(REPOSITORIES, local_folder(FOLDER_VARIABLE)),
        check_gpu_memory(PUBLISHED),
        check_host_memory(T5_XXL_PARAMETERS),
    )
