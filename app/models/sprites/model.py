"""Sprites as a VideoModel: closed-vocabulary text, a small STDiT3 and a frame autoencoder, on the CPU."""

import json
from copy import copy

import numpy as np
import torch
from safetensors import safe_open
from torch import Tensor

from app.caching.cache import NO_CACHE, BranchCache
from app.caching.sharding import ONE_PROCESS, Shard
from app.common.paths import SPRITES
from app.models.base import Conditioning, Frames
from app.models.networks.stdit3 import STDiT3, STDiT3Config
from app.models.samplers.rectified_flow import euler_step, guide, predict_video, shifted_timesteps
from app.models.settings import Settings
from app.models.sprites.card import CARD, TIMESTEP_SHIFT
from app.models.sprites.text import SpritesText
from app.models.sprites.vae import PIXELS, SpritesVAE, load_vae

LATENT_SHAPE = (1, 4, 16, 16, 16)  # (batch, channels, frames, height, width)
ENCODED = float(PIXELS * LATENT_SHAPE[-1])  # the side the transformer is told, however large the decoder draws


class Sprites:
    """The embedded model."""

    card = CARD

    def __init__(self, transformer: STDiT3, text: SpritesText, vae: SpritesVAE):
        self.transformer = transformer
        self.text = text
        self.vae = vae
        self.sharding = ONE_PROCESS
        self.flow_shift = TIMESTEP_SHIFT

    def shared(self, shard: Shard) -> "Sprites":
        """The same model in one of several processes that share each video."""
        model = copy(self)
        model.sharding = shard(LATENT_SHAPE[2] // self.transformer.config.patch_size[0])
        return model

    def with_settings(self, settings: Settings) -> "Sprites":
        """The same weights with another flow shift."""
        model = copy(self)
        model.flow_shift = settings.flow_shift or TIMESTEP_SHIFT
        return model

    def encode_prompt(self, prompt: str) -> Conditioning:
        """One token a slot of the vocabulary; a prompt without a known word is a ValueError that lists them."""
        text, mask, understanding = self.text.encode(prompt)
        null = self.transformer.y_embedder.y_embedding[None, None]
        return Conditioning(
            text=torch.cat([text, null]),
            mask=mask,
            understood=tuple((word.text, word.word) for word in understanding.understood),
            ignored=tuple(f"{word.text} ({word.reason})" for word in understanding.ignored),
        )

    def initial_latent(self, seed: int) -> Tensor:
        """Noise of the seed, the same on every machine."""
        noise = torch.randn(LATENT_SHAPE, generator=torch.Generator().manual_seed(seed))
        return self.sharding.own_frames(noise, dim=2)

    def schedule(self, steps: int) -> tuple[float, ...]:
        """The timesteps the model samples best with."""
        return shifted_timesteps(steps, self.flow_shift)

    def denoise_step(
        self,
        latent: Tensor,
        step: int,
        schedule: tuple[float, ...],
        conditioning: Conditioning,
        guidance: float,
        cache: BranchCache,
    ) -> tuple[Tensor, Tensor]:
        """One guided Euler step; conditional and unconditional half go through as one batch."""
        both = latent.repeat(2, 1, 1, 1, 1)
        velocity = cache.model(
            both,
            lambda: self.transformer(
                both,
                torch.full((2,), schedule[step - 1]),
                conditioning.text,
                conditioning.mask,
                fps=torch.tensor([CARD.fps]),
                height=torch.tensor([ENCODED]),
                width=torch.tensor([ENCODED]),
                sharding=self.sharding,
                cache=cache,
            ),
            sign=-1,  # it points from noise to video
        )
        conditional, unconditional = velocity.chunk(2)
        guided = guide(conditional, unconditional, guidance)
        return euler_step(latent, guided, schedule, step), predict_video(latent, guided, schedule[step - 1])

    def preview(self, clean_latent: Tensor) -> Frames:
        """A linear look at a latent: a millisecond instead of a decoding."""
        return np.asarray(self.vae.preview(self.sharding.all_frames(clean_latent, dim=2))[0])

    def decode(self, latent: Tensor) -> Frames:
        """All 16 frames."""
        return np.asarray(self.vae.decode(self.sharding.all_frames(latent, dim=2))[0])

    def warm_up(self) -> None:
        """One unmeasured step, so that the first measured one pays for no allocation."""
        schedule = self.schedule(2)
        conditioning = self.encode_prompt(CARD.example_prompts[0])
        with torch.inference_mode():
            latent, _ = self.denoise_step(self.initial_latent(0), 1, schedule, conditioning, 1.0, NO_CACHE)
            self.decode(latent)


def load() -> Sprites:
    """The shipped weights."""
    with safe_open(SPRITES / "transformer.safetensors", framework="pt") as file:
        config = STDiT3Config.from_upstream(json.loads(file.metadata()["config"]))
        weights = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
    table = weights.pop("text.table")
    transformer = STDiT3(config).eval()
    transformer.load_state_dict({name.removeprefix("transformer."): value for name, value in weights.items()})
    model = Sprites(transformer, SpritesText(table), load_vae(SPRITES / "vae.safetensors"))
    model.warm_up()
    return model
