"""A checkpoint of Open-Sora 1.2 in the published layout, small enough for tests.

Transformer and VAE have the recorded golden weights, the text encoder random ones.
"""

import json
from pathlib import Path

from safetensors.torch import save_file

from app.models.size import Size
from app.selftest.checkpoints.text import write_text_encoder
from tests.golden.result import read_json, read_tensors
from tests.golden.vae12 import published_config
from tests.support.paths import GOLDEN

SIZE = Size(height=64, width=80, frames=17)


def write_checkpoint(folder: Path) -> Path:
    """Write all three repositories below `folder`."""
    write_transformer(folder / "OpenSora-STDiT-v3")
    write_vae(folder / "OpenSora-VAE-v1.2")
    write_text_encoder(folder / "t5-v1_1-xxl")
    return folder


def write_transformer(folder: Path) -> None:
    """STDiT3 at hidden size 64 and depth 4."""
    folder.mkdir(parents=True)
    weights = GOLDEN / "stdit3_tiny_weights.json"
    (folder / "config.json").write_text(json.dumps({"model_type": "STDiT3", **read_json(weights)["config"]}))
    save_file(read_tensors(weights), folder / "model.safetensors")


def write_vae(folder: Path) -> None:
    """Both recorded halves of the shrunk VAE; config.json has the published keys, and the sizes beside them."""
    folder.mkdir(parents=True)
    halves = [GOLDEN / f"vae12_{half}.json" for half in ("decode", "encode")]
    config = {"model_type": "VideoAutoencoderPipeline", **published_config(read_json(halves[0]))}
    (folder / "config.json").write_text(json.dumps(config))
    tensors = {name: value for half in halves for name, value in read_tensors(half).items()}
    weights = {name[2:]: value.contiguous() for name, value in tensors.items() if name.startswith("w.")}
    save_file(weights, folder / "model.safetensors")
