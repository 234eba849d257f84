"""What Open-Sora 1.2 needs of this machine."""

from app.models.networks.t5 import PACKAGES, T5_XXL_PARAMETERS
from app.models.open_sora.needs import needs
from app.models.open_sora.repositories import FOLDER_VARIABLE, REPOSITORIES
from app.models.open_sora.sizes import PAPER_SIZE
from app.models.requirements import (
    Check,
    check_gpu,
    check_gpu_memory,
    check_host_memory,
    check_packages,
    check_weights,
)
from app.models.runtime.weights import local_folder
from app.models.size import Size


def checks(size: Size = PAPER_SIZE) -> tuple[Check, ...]:
    """Packages, GPU, weights and memory, for videos of a size."""
    return (
        *check_packages(PACKAGES),
        check_gpu(),
        *check_weights(REPOSITORIES, local_folder(FOLDER_VARIABLE)),
        check_gpu_memory(needs(size)),
        check_host_memory(T5_XXL_PARAMETERS),
    )
