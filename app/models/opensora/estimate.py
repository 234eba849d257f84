"""What each part of Open-Sora needs of the memory for one video, found without running it."""

from functools import cache

import torch

from app.caching.cache import NO_CACHE
from app.models.memory import peak_bytes
from app.models.memory_plan import CACHED_STREAMS, Need, Part, weight_bytes
from app.models.opensora.sampling import predict_velocity
from app.models.opensora.sizes import VideoSize
from app.models.opensora.vae import OpenSoraVAE, VAEConfig
from app.models.stdit3 import STDiT3, STDiT3Config
from app.models.video_model import Conditioning


@cache
def estimate(
    transformer: STDiT3Config, vae: VAEConfig, text_parameters: int, size: VideoSize, dtype: torch.dtype
) -> dict[Part, Need]:
    """What each part needs for one video, found by tracing it on the meta device."""
    with torch.device("meta"):
        denoiser, autoencoder = STDiT3(transformer).to(dtype), OpenSoraVAE(vae).to(dtype)
        latent = torch.empty(1, *vae.latent_shape(size.frames, size.height, size.width))
        text = torch.empty(2, 1, transformer.model_max_length, transformer.caption_channels, dtype=dtype)
        mask = torch.ones(1, transformer.model_max_length)
    conditioning = Conditioning(text, mask, (), ())

    def decode() -> None:
        for _ in autoencoder.decode_chunks(latent.to(dtype), size.frames):
            pass

    step = peak_bytes(
        lambda: predict_velocity(denoiser, latent, 500.0, conditioning, 7.0, size, NO_CACHE)
    ) + CACHED_STREAMS * stream_bytes(transformer, tuple(latent.shape[2:]), dtype)
    return {
        "text": Need(text_parameters * dtype.itemsize, 2 * text.nbytes),
        "transformer": Need(weight_bytes(denoiser), step),
        "vae": Need(weight_bytes(autoencoder), peak_bytes(decode)),
    }


def stream_bytes(config: STDiT3Config, grid: tuple[int, ...], dtype: torch.dtype) -> int:
    """Bytes of the token stream, both halves, of a latent of `grid` (frames, h, w): what one residual takes."""
    tokens = 2
    for side, patch in zip(grid, config.patch_size, strict=True):
        tokens *= -(-side // patch)
    return tokens * config.hidden_size * dtype.itemsize
