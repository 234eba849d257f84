"""Open-Sora 1.2 at its published size with random weights, made on the device: nothing is downloaded or stored.

What a step costs does not depend on what the weights are, so speed and memory are those of the published model.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from app.models.base import Conditioning
from app.models.networks.stdit3 import STDiT3, STDiT3Config
from app.models.networks.t5 import Tokenizer
from app.models.open_sora.estimate import Checkpoint, estimate
from app.models.open_sora.model import OpenSora
from app.models.open_sora.sizes import PAPER_SIZE
from app.models.open_sora.vae import OpenSoraVAE, VAEConfig
from app.models.runtime.memory_plan import plan_now
from app.models.runtime.parts import Parts
from app.models.size import Size


@dataclass(frozen=True)
class Architecture:
    """The configurations that decide what a step costs; the defaults are the published ones."""

    transformer: STDiT3Config = STDiT3Config()  # noqa: RUF009 (frozen)
    vae: VAEConfig = VAEConfig()  # noqa: RUF009 (frozen)


class RandomOpenSora(OpenSora):
    """Its captions are random numbers, so that it needs no text encoder."""

    def encode_prompt(self, prompt: str, *conditions: Any, **more: Any) -> Conditioning:
        """A caption of as many words as fit, the same for every prompt and whatever else is given."""
        words, channels = self.caption_shape
        text = torch.randn(2, 1, words, channels, generator=torch.Generator().manual_seed(0))
        device = self.parts.plan.device
        mask = torch.ones(1, words, device=device)
        return Conditioning(text.to(device, self.checkpoint.dtype), mask, (), ())


def random_open_sora(
    device: torch.device, dtype: torch.dtype, size: Size = PAPER_SIZE, built: Architecture = Architecture()
) -> RandomOpenSora:
    """The model, its weights drawn when a part is first used; its memory plan has no text encoder."""
    checkpoint = Checkpoint(built.transformer, built.vae, text_parameters=0, dtype=dtype)
    parts = Parts(
        {
            "transformer": lambda place: random_module(lambda: STDiT3(built.transformer), place, dtype),
            "vae": lambda place: random_module(lambda: OpenSoraVAE(built.vae), place, dtype),
        },
        lambda loaded: plan_now(estimate(checkpoint, size), device, loaded),
    )
    null = torch.zeros(built.transformer.model_max_length, built.transformer.caption_channels)
    return RandomOpenSora(parts, NO_TOKENIZER, null, checkpoint, size)


def random_module(build: Callable[[], nn.Module], device: torch.device, dtype: torch.dtype) -> nn.Module:
    """A module made on the device in its precision; what starts at zero gets weights, or no step did anything."""
    usual = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        torch.manual_seed(0)
        with torch.device(device):
            module = build().to(dtype).eval().requires_grad_(False)
    finally:
        torch.set_default_dtype(usual)
    for parameter in module.parameters():
        if not parameter.any():
            parameter.normal_(std=0.02)
    return module


class _NoTokenizer(Tokenizer):
    """Stands where captions are random."""

    def __init__(self) -> None:
        pass


NO_TOKENIZER = _NoTokenizer()
