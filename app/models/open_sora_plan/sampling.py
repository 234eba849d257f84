"""One guided prediction of Open-Sora-Plan 1.1."""

import torch
from torch import Tensor

from app.caching.cache import BranchCache
from app.caching.sharding import ONE_PROCESS, Sharding
from app.models.base import Conditioning
from app.models.open_sora_plan.lattet2v import LatteT2V
from app.models.samplers.rectified_flow import guide


def predict_noise(
    transformer: LatteT2V,
    latent: Tensor,
    timestep: float,
    conditioning: Conditioning,
    guidance: float,
    cache: BranchCache,
    sharding: Sharding = ONE_PROCESS,
) -> Tensor:
    """The guided noise in `latent` (1, channels, frames, h, w); both halves go through as one batch."""
    out = transformer(
        latent.repeat(2, 1, 1, 1, 1),
        torch.full((2,), timestep, device=latent.device),
        conditioning.text[:, 0],  # padding is cut off, so that no mask is needed
        sharding=sharding,
        cache=cache,
    )
    conditional, unconditional = out[:, : latent.shape[1]].chunk(2)  # without the variance channels
    return guide(conditional, unconditional, guidance)
