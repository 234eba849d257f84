"""What Open-Sora 1.2 needs of this machine."""

import torch

from app.models.opensora.estimate import estimate
from app.models.opensora.repositories import FOLDER_VARIABLE, REPOSITORIES
from app.models.opensora.sizes import PAPER_SIZE
from app.models.opensora.vae import VAEConfig
from app.models.requirements import (
    Check,
    check_gpu,
    check_gpu_memory,
    check_host_memory,
    check_packages,
    check_weights,
)
from app.models.stdit3 import STDiT3Config
from app.models.t5 import PACKAGES, T5_XXL_PARAMETERS
from app.models.weights import local_folder


def checks() -> tuple[Check, ...]:
    """Packages, GPU, weights and memory, for the paper's size."""
    needs = estimate(STDiT3Config(), VAEConfig(), T5_XXL_PARAMETERS, PAPER_SIZE, torch.bfloat16)
    return (
        *check_packages(PACKAGES),
        check_gpu(),
        *check_weights(REPOSITORIES, local_folder(FOLDER_VARIABLE)),
        check_gpu_memory(needs),
        check_host_memory(T5_XXL_PARAMETERS),
    )
