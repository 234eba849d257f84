"""What each part of Open-Sora-Plan needs of the memory for one video, found without running it."""

from functools import cache

import torch

from app.caching.cache import NO_CACHE
from app.models.base import Conditioning
from app.models.open_sora_plan.lattet2v import LatteT2V, LatteT2VConfig
from app.models.open_sora_plan.sampling import predict_noise
from app.models.open_sora_plan.tiling import Tiling
from app.models.open_sora_plan.vae import CausalVAE, VAEConfig
from app.models.runtime.memory import peak_bytes
from app.models.runtime.memory_plan import CACHED_STREAMS, Need, Part, weight_bytes


@cache
def estimate(
    transformer: LatteT2VConfig, vae: VAEConfig, text_parameters: int, dtype: torch.dtype
) -> dict[Part, Need]:
    """What each part needs for one video, found by tracing it on the meta device."""
    with torch.device("meta"):
        denoiser, autoencoder = LatteT2V(transformer).to(dtype), CausalVAE(vae).to(dtype)
        latent = torch.empty(1, *transformer.latent_shape)
        text = torch.empty(2, 1, transformer.model_max_length, transformer.caption_channels, dtype=dtype)
        mask = torch.ones(1, transformer.model_max_length)
    conditioning = Conditioning(text, mask, (), ())
    step = peak_bytes(lambda: predict_noise(denoiser, latent, 500.0, conditioning, 7.5, NO_CACHE))
    decoding = peak_bytes(lambda: autoencoder.decode(latent.to(dtype), Tiling()))
    return {
        "text": Need(text_parameters * dtype.itemsize, 2 * text.nbytes),
        "transformer": Need(weight_bytes(denoiser), step + CACHED_STREAMS * stream_bytes(transformer, dtype)),
        "vae": Need(weight_bytes(autoencoder), decoding),
    }


def stream_bytes(config: LatteT2VConfig, dtype: torch.dtype) -> int:
    """Bytes of the token stream, both halves: what one residual takes."""
    _, frames, height, width = config.latent_shape
    return (
        2
        * frames
        * (height // config.patch_size)
        * (width // config.patch_size)
        * config.hidden_size
        * dtype.itemsize
    )
