"""A small random checkpoint of Open-Sora-Plan 1.1 in the published layout: 9 frames of 32 x 32."""

import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save_file

from app.models.open_sora_plan.lattet2v import LatteT2V, LatteT2VConfig
from app.models.open_sora_plan.repositories import MODEL, TRANSFORMER, VAE, WEIGHTS
from app.models.open_sora_plan.vae import CausalVAE, VAEConfig
from app.selftest.checkpoints.text import write_text_encoder

SMALL_VAE = {"hidden_size": 32, "hidden_size_mult": [1, 1, 1, 1], "num_res_blocks": 1}
SMALL = LatteT2VConfig(
    num_attention_heads=2,
    attention_head_dim=16,
    num_layers=4,
    sample_size=(4, 4),
    caption_channels=32,
    video_length=3,
    model_max_length=16,
)


def write_checkpoint(folder: Path) -> Path:
    """Write both repositories below `folder`."""
    write_text_encoder(folder / "t5-v1_1-xxl")
    torch.manual_seed(0)
    write_module(folder / MODEL.name / TRANSFORMER, asdict(SMALL), LatteT2V(SMALL).state_dict())
    vae = CausalVAE(VAEConfig.from_upstream(SMALL_VAE)).state_dict()
    write_module(folder / MODEL.name / VAE, SMALL_VAE, {**vae, "loss.logvar": torch.zeros(())})
    return folder


def write_module(folder: Path, config: dict[str, object], tensors: dict[str, torch.Tensor]) -> None:
    """One folder of a repository."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config))
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / WEIGHTS)
