"""What Open-Sora-Plan 1.1 needs of this machine."""

import torch

from app.models.networks.t5 import PACKAGES, T5_XXL_PARAMETERS
from app.models.open_sora_plan.estimate import estimate
from app.models.open_sora_plan.lattet2v import LatteT2VConfig
from app.models.open_sora_plan.repositories import FOLDER_VARIABLE, REPOSITORIES
from app.models.open_sora_plan.vae import VAEConfig
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
    needs = estimate(LatteT2VConfig(), VAEConfig(), T5_XXL_PARAMETERS, torch.bfloat16)
    return (
        *check_packages(PACKAGES),
        check_gpu(),
        *check_weights(REPOSITORIES, local_folder(FOLDER_VARIABLE)),
        check_gpu_memory(needs),
        check_host_memory(T5_XXL_PARAMETERS),
    )
