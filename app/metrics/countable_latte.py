"""Latte-1 as far as FLOPs go: diffusers' transformer and temporal decoder at their published sizes, and T5-XXL.

Counted on the meta device with the package diffusers (requirements-models.txt).
"""

from functools import cache
from typing import cast

from app.caching.branches import TEXT_IN_SPACE, Kind, Layout
from app.caching.cache import BranchCache
from app.metrics.countable import Workload, t5_encoder
from app.metrics.flop_count import Count, StepCount, count, count_step
from app.models.diffusers.family import checkpoints
from app.models.requirements import is_installed

DEPTH = 28
TRAINING_TIMESTEPS = 1000


class Latte:
    """Self-attention runs in PyTorch's own operator, which the paper's count sees; cross-attention does not."""

    depth = DEPTH
    layout: Layout = TEXT_IN_SPACE
    unseen: frozenset[Kind] = frozenset({"cross"})

    def schedule(self, work: Workload) -> tuple[float, ...]:
        """DDIM: every (1000 / steps)-th training timestep, down to 0."""
        stride = TRAINING_TIMESTEPS // work.steps
        return tuple(float(stride * i) for i in reversed(range(work.steps)))

    def step(self, work: Workload) -> StepCount:
        """Text is attended to by every frame apart, in spatial blocks only; one block is counted for all."""
        _require_diffusers()
        import torch

        from app.models.diffusers.estimate import build_transformer, predict
        from app.models.diffusers.latte_transformer import CachedLatte, attached

        latte = checkpoints()["latte-1"]
        built = build_transformer(
            latte, torch.float32, num_layers=1, sample_size=work.height // 8, video_length=work.frames
        )
        model = cast(CachedLatte, built)
        grid = (work.frames, work.height // 8, work.width // 8)

        def forward(cache: BranchCache) -> None:
            with attached(model, cache):
                predict(latte.family, model, grid, work.text_tokens)

        return count_step(forward).repeated(self.depth)

    def encode_text(self, work: Workload) -> Count:
        """T5 v1.1 XXL over 120 tokens."""
        return t5_encoder(tokens=120, layers=24, channels=4096, hidden=10240)

    def decode(self, work: Workload) -> Count:
        """By pixels, from a frame of 512 x 512; the decoder's one attention layer (1.1 %) does not scale so."""
        return Count(_decoded_frame() * work.frames * work.height * work.width // 512**2)


@cache
def _decoded_frame() -> int:
    """FLOPs of a frame of 512 x 512 among others, as each sees its neighbours."""
    _require_diffusers()
    import torch

    from app.models.diffusers.estimate import build_vae, decode

    latte = checkpoints()["latte-1"]
    vae = build_vae(latte, torch.float32)
    return count(lambda: decode(latte.family, vae, (2, 64, 64))).total // 2


def _require_diffusers() -> None:
    if not is_installed("diffusers"):
        raise ValueError("FLOPs of latte-1 are counted on diffusers' own classes; pip install diffusers")
