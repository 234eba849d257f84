"""Open-Sora 1.2 as far as FLOPs go: STDiT3-XL/2, T5-XXL and the VAE 1.2."""

from functools import cache

import torch

from app.caching.branches import FACTORISED, Kind, Layout
from app.caching.cache import BranchCache
from app.metrics.countable import GUIDED_BATCH, Workload, t5_encoder
from app.metrics.flop_count import Count, StepCount, count, count_step
from app.models.networks.stdit3 import STDiT3, STDiT3Config
from app.models.open_sora.vae import OpenSoraVAE, VAEConfig
from app.models.samplers.rectified_flow import timesteps


class OpenSora:
    """Its pipeline runs flash attention everywhere, which the paper's count does not see."""

    depth = STDiT3Config().depth
    layout: Layout = FACTORISED
    unseen: frozenset[Kind] = frozenset({"attn", "cross"})

    def schedule(self, work: Workload) -> tuple[float, ...]:
        """The shifted schedule of its size."""
        return timesteps(work.steps, height=work.height, width=work.width, frames=work.frames)

    def step(self, work: Workload) -> StepCount:
        """Latents have an eighth of the side and 5 frames for 17; one block is counted for all."""
        config = STDiT3Config(depth=1)
        with torch.device("meta"):
            model = STDiT3(config).eval()
        latent = (config.in_channels, VAEConfig().latent_frames(work.frames), work.height // 8, work.width // 8)
        size = {"height": torch.tensor([float(work.height)]), "width": torch.tensor([float(work.width)])}

        def forward(cache: BranchCache) -> object:
            text = torch.empty(GUIDED_BATCH, 1, work.text_tokens, config.caption_channels)
            noisy, time = torch.empty(GUIDED_BATCH, *latent), torch.empty(GUIDED_BATCH)
            return model(noisy, time, text, fps=torch.empty(1), **size, cache=cache)

        return count_step(forward).repeated(self.depth)

    def encode_text(self, work: Workload) -> Count:
        """T5 v1.1 XXL, which pads every caption to 300 tokens, whatever the transformer attends to."""
        return t5_encoder(tokens=300, layers=24, channels=4096, hidden=10240)

    def decode(self, work: Workload) -> Count:
        """The VAE, a few frames at a time."""
        return _decode(work.frames, work.height, work.width)


@cache
def _decode(frames: int, height: int, width: int) -> Count:
    config = VAEConfig()
    with torch.device("meta"):
        vae = OpenSoraVAE(config).eval()
    return count(lambda: vae.decode(torch.empty(1, *config.latent_shape(frames, height, width)), frames))
