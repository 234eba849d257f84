"""A video model of the golden weights, small enough for tests: real transformer, no trained decoder."""

from functools import lru_cache

import torch
from torch import Tensor

from app.caching.cache import BranchCache, ResidualCache
from app.caching.motion import MotionRegularisation
from app.caching.policy import CachePolicy
from app.models.base import Conditioning, Frames, ModelCard
from app.models.networks.stdit3 import STDiT3, STDiT3Config
from app.models.samplers.rectified_flow import euler_step, guide, predict_video, timesteps
from tests.golden.result import read_tensors
from tests.support.paths import GOLDEN

CONFIG = STDiT3Config(hidden_size=64, depth=4, num_heads=4, caption_channels=32, model_max_length=16)
CARD = ModelCard(
    id="tiny",
    title="Tiny",
    description="Golden weights.",
    needs="any CPU",
    height=64,
    width=80,
    frames=17,
    fps=8.0,
    depth=CONFIG.depth,
    steps=30,
    max_steps=100,
    guidance=7.0,
    codebook="fast",
    motion=MotionRegularisation(),
    example_prompts=("a test",),
    signals=frozenset({"modulated-input", "first-block", "latent", "output"}),
    flow=True,
)
STREAM_BYTES = 2 * 5 * 20 * 64 * 4  # (batch 2, frames 5, patches 4 x 5, channels 64), float32


class TinyVideoModel:
    """A VideoModel over the recorded transformer; its videos are three latent channels."""

    card = CARD

    def __init__(self) -> None:
        self.transformer = STDiT3(CONFIG).eval()
        self.transformer.load_state_dict(read_tensors(GOLDEN / "adacache_weights.json"))

    def encode_prompt(self, prompt: str) -> Conditioning:
        if "gibberish" in prompt:
            raise ValueError("no known word in the prompt")
        generator = torch.Generator().manual_seed(len(prompt))
        text = torch.randn(1, 1, 16, 32, generator=generator)
        null = self.transformer.y_embedder.y_embedding[None, None]
        return Conditioning(torch.cat([text, null]), torch.ones(1, 16), (("test", "test"),), ("foo",))

    def initial_latent(self, seed: int) -> Tensor:
        return torch.randn(1, 4, 5, 8, 10, generator=torch.Generator().manual_seed(seed))

    def schedule(self, steps: int) -> tuple[float, ...]:
        return timesteps(steps, height=480, width=854, frames=17)

    def denoise_step(
        self,
        latent: Tensor,
        step: int,
        schedule: tuple[float, ...],
        conditioning: Conditioning,
        guidance: float,
        cache: BranchCache,
    ) -> tuple[Tensor, Tensor]:
        both = latent.repeat(2, 1, 1, 1, 1)

        def predict() -> Tensor:
            out: Tensor = self.transformer(
                both,
                torch.full((2,), schedule[step - 1]),
                conditioning.text,
                conditioning.mask,
                fps=torch.tensor([24.0]),
                height=torch.tensor([480.0]),
                width=torch.tensor([854.0]),
                cache=cache,
            )
            return out.chunk(2, dim=1)[0]

        conditional, unconditional = cache.model(both, predict, sign=-1).chunk(2)
        velocity = guide(conditional, unconditional, guidance)
        clean = predict_video(latent, velocity, schedule[step - 1])
        return euler_step(latent, velocity, schedule, step), clean

    def preview(self, clean_latent: Tensor) -> Frames:
        return self.decode(clean_latent)

    def decode(self, latent: Tensor) -> Frames:
        frames = (latent[0, :3].sigmoid() * 255).round().byte().permute(1, 2, 3, 0)
        return frames.numpy().repeat(8, axis=1).repeat(8, axis=2)


def sample(
    policy: CachePolicy, steps: int = 12, *, folded: bool = True, seed: int = 0
) -> tuple[Tensor, ResidualCache]:
    """The latent of a run under a policy, and the cache after it."""
    model = _model()
    schedule = model.schedule(steps)
    cache = ResidualCache(policy, model.card.run_shape(schedule), folded=folded)
    conditioning = model.encode_prompt("a test")
    latent = model.initial_latent(seed)
    with torch.inference_mode():
        for step in range(1, steps + 1):
            cache.begin_step()
            latent, _ = model.denoise_step(latent, step, schedule, conditioning, 7.0, cache)
            cache.end_step()
    return latent, cache


@lru_cache
def _model() -> TinyVideoModel:
    return TinyVideoModel()
