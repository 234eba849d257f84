"""Open-Sora-Plan 1.1 as far as FLOPs go: LatteT2V, T5-XXL and CausalVAE."""

from functools import cache

import torch

from app.caching.branches import TEXT_IN_SPACE, Kind, Layout
from app.caching.cache import BranchCache
from app.metrics.countable import GUIDED_BATCH, Workload, t5_encoder
from app.metrics.flop_count import Count, StepCount, count, count_step
from app.models.open_sora_plan.lattet2v import LatteT2V, LatteT2VConfig
from app.models.open_sora_plan.tiling import Tiling
from app.models.open_sora_plan.vae import CausalVAE, VAEConfig
from app.models.samplers.pndm import timesteps

CAPTIONS = 2  # encoded a video: the prompt and the empty one


class OpenSoraPlan:
    """Self-attention runs in PyTorch's own operator, which the paper's count sees; cross-attention does not."""

    depth = LatteT2VConfig().num_layers
    layout: Layout = TEXT_IN_SPACE
    unseen: frozenset[Kind] = frozenset({"cross"})

    def schedule(self, work: Workload) -> tuple[float, ...]:
        """PNDM: nine evaluations more than steps."""
        return timesteps(work.steps)

    def step(self, work: Workload) -> StepCount:
        """One evaluation; one block is counted for all."""
        config = LatteT2VConfig(num_layers=1)
        with torch.device("meta"):
            model = LatteT2V(config).eval()
        latent = VAEConfig().latent_shape(work.frames, work.height, work.width)

        def forward(cache: BranchCache) -> object:
            text = torch.empty(GUIDED_BATCH, work.text_tokens, config.caption_channels)
            return model(torch.empty(GUIDED_BATCH, *latent), torch.empty(GUIDED_BATCH), text, cache=cache)

        return count_step(forward).repeated(self.depth)

    def encode_text(self, work: Workload) -> Count:
        """T5 v1.1 XXL, which pads every caption to 300 tokens, whatever the transformer attends to."""
        caption = t5_encoder(tokens=300, layers=24, channels=4096, hidden=10240)
        return Count(CAPTIONS * caption.total, CAPTIONS * caption.attention)

    def decode(self, work: Workload) -> Count:
        """The VAE in upstream's overlapping tiles, which decode a video of 512 x 512 1.56 times."""
        return _decode(work.frames, work.height, work.width)


@cache
def _decode(frames: int, height: int, width: int) -> Count:
    config = VAEConfig()
    with torch.device("meta"):
        vae = CausalVAE(config).eval()
    return count(lambda: vae.decode(torch.empty(1, *config.latent_shape(frames, height, width)), Tiling()))
