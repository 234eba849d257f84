"""Weights fit key for key or are refused by name; a missing or truncated file is named."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from app.models.open_sora.model import load
from app.models.runtime.weights import Repository, WeightsError, fetch, find
from tests.support.open_sora import SIZE

TRANSFORMER = "OpenSora-STDiT-v3/model.safetensors"
VAE = "OpenSora-VAE-v1.2/model.safetensors"
SHARD = "t5-v1_1-xxl/pytorch_model-00001-of-00002.bin"


@pytest.fixture
def damaged(checkpoint: Path, tmp_path: Path) -> Path:
    """A copy of the checkpoint for a test to damage."""
    return Path(shutil.copytree(checkpoint, tmp_path / "weights"))


def use_everything(folder: Path) -> None:
    model = load(folder, SIZE)
    for part in ("text", "transformer", "vae"):
        model.parts.use(part)


def rewrite(file: Path, change: Callable[[dict[str, Tensor]], None]) -> None:
    tensors = load_file(file)
    change(tensors)
    save_file(tensors, file)


@pytest.mark.parametrize(
    "file",
    [
        TRANSFORMER,
        VAE,
        SHARD,
        "OpenSora-STDiT-v3/config.json",
        "OpenSora-VAE-v1.2/config.json",
        "t5-v1_1-xxl/config.json",
        "t5-v1_1-xxl/spiece.model",
    ],
)
def test_a_missing_file_is_named(damaged: Path, file: str):
    (damaged / file).unlink()
    with pytest.raises(WeightsError, match=f"{Path(file).name} is missing"):
        use_everything(damaged)


@pytest.mark.parametrize(
    "file", [TRANSFORMER, VAE, SHARD, "OpenSora-VAE-v1.2/config.json", "t5-v1_1-xxl/spiece.model"]
)
def test_a_truncated_file_is_named(damaged: Path, file: str):
    content = (damaged / file).read_bytes()
    (damaged / file).write_bytes(content[: len(content) // 2])
    with pytest.raises(WeightsError, match=f"{Path(file).name} is truncated or damaged"):
        use_everything(damaged)


def test_a_missing_repository_is_named(damaged: Path):
    shutil.rmtree(damaged / "OpenSora-VAE-v1.2")
    with pytest.raises(WeightsError, match=r"no folder OpenSora-VAE-v1.2 \(the contents of hpcai-tech/"):
        use_everything(damaged)


@pytest.mark.parametrize(
    ("file", "name"),
    [(TRANSFORMER, "spatial_blocks.0.attn.qkv.weight"), (VAE, "temporal_vae.decoder.conv_out.conv.bias")],
)
def test_names_that_do_not_fit_are_refused(damaged: Path, file: str, name: str):
    def rename(tensors: dict[str, Tensor]) -> None:
        tensors["module." + name] = tensors.pop(name)

    rewrite(damaged / file, rename)
    with pytest.raises(WeightsError, match=rf"does not fit \w+: {name} is missing; module.{name} is unknown"):
        use_everything(damaged)


def test_a_shape_that_does_not_fit_is_refused(damaged: Path):
    name = "final_layer.linear.bias"
    rewrite(damaged / TRANSFORMER, lambda tensors: tensors.update({name: torch.zeros(5)}))
    with pytest.raises(WeightsError, match=rf"{name} has shape \[5\], not \[32\]"):
        use_everything(damaged)


def test_names_of_the_text_encoder_that_do_not_fit_are_refused(damaged: Path):
    tensors = torch.load(damaged / SHARD)
    name = next(name for name in tensors if name.startswith("encoder.block.0"))
    tensors["encoder.other"] = tensors.pop(name)
    torch.save(tensors, damaged / SHARD)
    with pytest.raises(
        WeightsError, match=f"does not fit T5EncoderModel: first differing names {name}, encoder.other"
    ):
        use_everything(damaged)


def test_a_repository_not_downloaded_is_said_to_be(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    repository = Repository("owner/name", ("config.json",), 0)
    with pytest.raises(WeightsError, match=f"owner/name is not in the Hub cache {tmp_path}"):
        find(repository, None)
    with pytest.raises(WeightsError, match=r"cannot download owner/name: .*, and HF_HUB_OFFLINE is set"):
        fetch(repository)
