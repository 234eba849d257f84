"""Sprites as far as FLOPs go: its STDiT3 and frame autoencoder; its text encoder is a table: it counts nothing."""

import json

import torch
from safetensors import safe_open

from app.caching.branches import Kind, Layout
from app.caching.cache import BranchCache
from app.common.paths import SPRITES
from app.metrics.countable import GUIDED_BATCH, Workload
from app.metrics.flop_count import Count, StepCount, count, count_step
from app.models.networks.stdit3 import STDiT3, STDiT3Config
from app.models.samplers.rectified_flow import shifted_timesteps
from app.models.sprites.card import CARD, TIMESTEP_SHIFT
from app.models.sprites.vae import PIXELS, SpritesVAE, VaeConfig


class Sprites:
    """Its attention is made of plain products, which every counter sees: both conventions give one number."""

    depth = CARD.depth
    layout: Layout = CARD.layout
    unseen: frozenset[Kind] = frozenset()

    def schedule(self, work: Workload) -> tuple[float, ...]:
        """The schedule it samples with, whatever the size."""
        return shifted_timesteps(work.steps, work.flow_shift or TIMESTEP_SHIFT)

    def step(self, work: Workload) -> StepCount:
        """The latent has as many frames as the video."""
        config = STDiT3Config.from_upstream(_config("transformer"))
        with torch.device("meta"):
            model = STDiT3(config).eval()
        latent = (config.in_channels, work.frames, *_cells(work))
        size = {"height": torch.tensor([float(work.height)]), "width": torch.tensor([float(work.width)])}

        def forward(cache: BranchCache) -> object:
            text = torch.empty(GUIDED_BATCH, 1, work.text_tokens, config.caption_channels)
            noisy, time = torch.empty(GUIDED_BATCH, *latent), torch.empty(GUIDED_BATCH)
            return model(noisy, time, text, fps=torch.empty(1), **size, cache=cache)

        return count_step(forward)

    def encode_text(self, work: Workload) -> Count:
        """A look-up in a table."""
        return Count()

    def decode(self, work: Workload) -> Count:
        """The decoder, frame by frame."""
        config = VaeConfig(**_config("vae"))
        latents = (work.frames, config.latent_channels, *_cells(work))
        return count(lambda: SpritesVAE(config).decode_images(torch.empty(latents)))


def _cells(work: Workload) -> tuple[int, int]:
    """The latent's height and width for a video's."""
    pixels = PIXELS * VaeConfig(**_config("vae")).scale
    return work.height // pixels, work.width // pixels


def _config(part: str) -> dict[str, int]:
    with safe_open(SPRITES / f"{part}.safetensors", framework="pt") as file:
        config: dict[str, int] = json.loads(file.metadata()["config"])
    return config
