"""A checkpoint of Open-Sora-Plan 1.1 in the published layout, small enough for tests.

The transformer has the recorded golden weights, VAE and text encoder random ones.
"""

from pathlib import Path

import torch

from app.models.open_sora_plan.repositories import MODEL, TRANSFORMER, VAE
from app.models.open_sora_plan.vae import CausalVAE, VAEConfig
from app.selftest.checkpoints.open_sora_plan import SMALL_VAE, write_module
from app.selftest.checkpoints.text import write_text_encoder
from tests.golden.result import read_json, read_tensors
from tests.support.paths import GOLDEN

LATENT_SIDE = 4  # 32 pixels
FRAMES = 17


def write_checkpoint(folder: Path) -> Path:
    """Write both repositories below `folder`."""
    write_text_encoder(folder / "t5-v1_1-xxl")
    weights = GOLDEN / "osp110_weights.json"
    config = {**read_json(weights)["config"], "sample_size": [LATENT_SIDE, LATENT_SIDE]}
    write_module(folder / MODEL.name / TRANSFORMER, config, read_tensors(weights))
    torch.manual_seed(0)
    vae = CausalVAE(VAEConfig.from_upstream(SMALL_VAE)).state_dict()
    write_module(folder / MODEL.name / VAE, SMALL_VAE, {**vae, "loss.logvar": torch.zeros(())})
    return folder
