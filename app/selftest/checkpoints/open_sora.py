"""A small random checkpoint of Open-Sora 1.2 in the published layout: 17 frames of 64 x 80."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn

from app.models.networks.stdit3 import STDiT3, STDiT3Config
from app.models.open_sora.vae import OpenSoraVAE, VAEConfig
from app.models.size import Size
from app.selftest.checkpoints.text import write_text_encoder

SIZE = Size(height=64, width=80, frames=17)
SMALL = STDiT3Config(hidden_size=64, depth=4, num_heads=4, caption_channels=32, model_max_length=16)
SMALL_VAE: dict[str, Any] = {
    "vae_2d": {"block_out_channels": [8, 16, 16, 32], "layers_per_block": 1, "norm_num_groups": 8},
    "vae_temporal": {"filters": 8, "num_res_blocks": 1, "num_groups": 4},
}


def write_checkpoint(folder: Path) -> Path:
    """Write all three repositories below `folder`."""
    torch.manual_seed(0)
    write_module(folder / "OpenSora-STDiT-v3", {"model_type": "STDiT3", **asdict(SMALL)}, STDiT3(SMALL))
    vae = OpenSoraVAE(VAEConfig.from_upstream(SMALL_VAE))
    write_module(folder / "OpenSora-VAE-v1.2", {"model_type": "VideoAutoencoderPipeline", **SMALL_VAE}, vae)
    write_text_encoder(folder / "t5-v1_1-xxl")
    return folder


def write_module(folder: Path, config: dict[str, Any], module: nn.Module) -> None:
    """One repository; a layer that starts at zero gets weights, or no step would change anything."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config))
    tensors = {
        name: torch.randn_like(value) * 0.02
        if value.is_floating_point() and not value.any()
        else value.contiguous()
        for name, value in module.state_dict().items()
    }
    save_file(tensors, folder / "model.safetensors")
