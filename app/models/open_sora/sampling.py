"""One guided prediction of Open-Sora 1.2: what goes into the transformer besides the latent."""

import torch
from torch import Tensor

from app.caching.cache import BranchCache
from app.caching.sharding import ONE_PROCESS, Sharding
from app.models.base import Conditioning
from app.models.networks.stdit3 import STDiT3
from app.models.samplers.rectified_flow import guide
from app.models.size import Size

FPS = 24.0
IMAGE_FPS = 120.0  # what the model was told of single frames in training


def predict_velocity(
    transformer: STDiT3,
    latent: Tensor,
    timestep: float,
    conditioning: Conditioning,
    guidance: float,
    size: Size,
    cache: BranchCache,
    sharding: Sharding = ONE_PROCESS,
) -> Tensor:
    """The guided velocity of `latent` (1, channels, frames, h, w); both halves go through as one batch.

    Frames that are given are told to be clean and do not move (upstream's sampler with a frame mask,
    opensora/schedulers/rf). Timesteps stay exact; upstream rounds them to bfloat16.
    """
    device = latent.device
    frame_mask = None
    if conditioning.frames is not None:
        frame_mask = sharding.own_frames(~conditioning.frames.given.expand(2, -1), dim=1)
    both = latent.repeat(2, 1, 1, 1, 1)

    def predict() -> Tensor:
        out: Tensor = transformer(
            both,
            torch.full((2,), timestep, device=device),
            conditioning.text,
            None,  # every word of the conditioning counts, and without a mask attention takes its fastest path
            frame_mask,
            fps=torch.full((1,), FPS if size.frames > 1 else IMAGE_FPS, device=device),
            # On the host: the transformer reads these two as numbers, and a GPU would have to stop for it.
            height=torch.tensor([float(size.height)]),
            width=torch.tensor([float(size.width)]),
            sharding=sharding,
            cache=cache,
        )
        return out[:, : latent.shape[1]]  # without the variance channels

    conditional, unconditional = cache.model(both, predict, sign=-1).chunk(2)  # it points from noise to video
    velocity = guide(conditional, unconditional, guidance)
    if frame_mask is not None:
        velocity = velocity.where(frame_mask[:1, None, :, None, None], 0.0)
    return velocity
