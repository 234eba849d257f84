"""What each part of Open-Sora needs of the memory for one video, found without running it."""

from dataclasses import dataclass
from functools import cache

import torch

from app.caching.cache import NO_CACHE
from app.models.base import Conditioning
from app.models.networks.stdit3 import STDiT3, STDiT3Config
from app.models.networks.t5 import T5_XXL_PARAMETERS
from app.models.open_sora.sampling import predict_velocity
from app.models.open_sora.vae import OpenSoraVAE, VAEConfig
from app.models.runtime.memory import peak_bytes
from app.models.runtime.memory_plan import CACHED_STREAMS, Need, Part, weight_bytes
from app.models.size import Size


@dataclass(frozen=True)
class Checkpoint:
    """What of a checkpoint decides the memory that a video takes; the defaults are the published one on a GPU."""

    transformer: STDiT3Config = STDiT3Config()  # noqa: RUF009 (frozen)
    vae: VAEConfig = VAEConfig()  # noqa: RUF009 (frozen)
    text_parameters: int = T5_XXL_PARAMETERS
    dtype: torch.dtype = torch.bfloat16

    def stream_bytes(self, size: Size) -> int:
        """Bytes of the token stream of a video, both halves: what one kept residual takes."""
        tokens = 2
        _, *grid = self.vae.latent_shape(size.frames, size.height, size.width)
        for side, patch in zip(grid, self.transformer.patch_size, strict=True):
            tokens *= -(-side // patch)
        return tokens * self.transformer.hidden_size * self.dtype.itemsize


@cache
def estimate(checkpoint: Checkpoint, size: Size) -> dict[Part, Need]:
    """What each part needs for one video, found by tracing it on the meta device."""
    transformer, vae, dtype = checkpoint.transformer, checkpoint.vae, checkpoint.dtype
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
    ) + CACHED_STREAMS * checkpoint.stream_bytes(size)
    return {
        "text": Need(checkpoint.text_parameters * dtype.itemsize, 2 * text.nbytes),
        "transformer": Need(weight_bytes(denoiser), step),
        "vae": Need(weight_bytes(autoencoder), peak_bytes(decode)),
    }
