"""The published sizes of the models that run through diffusers, built without weights on the meta device."""

from dataclasses import dataclass
from typing import Any

import diffusers
import torch
from diffusers.utils import logging
from torch import nn

from app.models.diffusers.latte import adopt
from app.models.size import Size


@dataclass(frozen=True)
class Architecture:
    """Transformer and decoder by class and the settings that differ from the class's defaults.

    merged: frames, and pixels on a side, that become one latent; causal: whether the first frame stays apart.
    """

    transformer: str
    transformer_config: dict[str, Any]
    vae: str
    vae_config: dict[str, Any]
    merged: tuple[int, int]
    causal: bool = True

    def grid(self, size: Size) -> tuple[int, int, int]:
        """Latent frames, height and width of a video."""
        over_time, side = self.merged
        frames = (size.frames - 1) // over_time + 1 if self.causal else size.frames // over_time
        return frames, size.height // side, size.width // side

    def build_transformer(self, dtype: torch.dtype, **changes: Any) -> nn.Module:
        """The transformer on the meta device; `changes` to its configuration."""
        with torch.device("meta"):
            module: nn.Module = getattr(diffusers, self.transformer)(**{**self.transformer_config, **changes})
        module = on_meta(module, dtype)
        return adopt(module) if self.transformer == "LatteTransformer3DModel" else module

    def build_vae(self, dtype: torch.dtype) -> nn.Module:
        """The autoencoder on the meta device."""
        with torch.device("meta"):
            module: nn.Module = getattr(diffusers, self.vae)(**self.vae_config)
        return on_meta(module, dtype)


def on_meta(module: nn.Module, dtype: torch.dtype) -> nn.Module:
    """All of a module: some of diffusers' make parameters that the device they are built under does not reach."""
    logging.set_verbosity_error()  # it warns of casts, which matter to loaded weights alone
    return module.to(device="meta", dtype=dtype).eval()


PUBLISHED: dict[str, Architecture] = {
    "latte-1": Architecture(
        "LatteTransformer3DModel",
        {
            "num_attention_heads": 16,
            "attention_head_dim": 72,
            "in_channels": 4,
            "out_channels": 8,
            "num_layers": 28,
            "cross_attention_dim": 1152,
            "attention_bias": True,
            "sample_size": 64,
            "patch_size": 2,
            "activation_fn": "gelu-approximate",
            "num_embeds_ada_norm": 1000,
            "norm_type": "ada_norm_single",
            "norm_elementwise_affine": False,
            "norm_eps": 1e-6,
            "caption_channels": 4096,
            "video_length": 16,
        },
        "AutoencoderKLTemporalDecoder",
        {
            "down_block_types": ("DownEncoderBlock2D",) * 4,
            "block_out_channels": (128, 256, 512, 512),
            "layers_per_block": 2,
        },
        merged=(1, 8),
        causal=False,
    ),
    "cogvideox-2b": Architecture(
        "CogVideoXTransformer3DModel",
        {},
        "AutoencoderKLCogVideoX",
        {
            "down_block_types": ("CogVideoXDownBlock3D",) * 4,
            "up_block_types": ("CogVideoXUpBlock3D",) * 4,
            "block_out_channels": (128, 256, 256, 512),
            "latent_channels": 16,
            "layers_per_block": 3,
        },
        merged=(4, 8),
    ),
    "wan-2.1-1.3b": Architecture(
        "WanTransformer3DModel",
        {"num_attention_heads": 12, "ffn_dim": 8960, "num_layers": 30},
        "AutoencoderKLWan",
        {},
        merged=(4, 8),
    ),
    "ltx-video": Architecture(
        "LTXVideoTransformer3DModel",
        {},
        "AutoencoderKLLTXVideo",
        {},
        merged=(8, 32),
    ),
}
