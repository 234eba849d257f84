"""The published sizes on the meta device: one device, one dtype, and the memory a step takes."""

from pathlib import Path

import pytest
import torch

from app.models.diffusers.estimate import (
    build_transformer,
    build_vae,
    decode,
    estimate_published,
    predict,
    stream_bytes,
)
from app.models.diffusers.family import FOLDER_VARIABLE, checkpoints
from app.models.diffusers.stored import stored_needs
from app.models.doctor import diagnose
from app.models.registry import load_model
from tests.models.open_sora.test_meta import Watch

PUBLISHED = checkpoints()
LATTE, COGVIDEOX = PUBLISHED["latte-1"], PUBLISHED["cogvideox-2b"]
PARAMETERS = {
    "latte-1": 1.06e9,
    "cogvideox-2b": 1.69e9,
    "cogvideox-5b": 5.57e9,
    "wan-2.1-1.3b": 1.42e9,
    "wan-2.1-14b": 14.29e9,
    "wan-2.2-a14b": 14.29e9,
    "cogvideox-5b-i2v": 5.61e9,
    "wan-2.1-i2v-14b": 16.40e9,
    "ltx-video": 1.92e9,
    "hunyuan-video": 12.82e9,
    "mochi-1": 10.03e9,
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_step_stays_on_its_device_in_bfloat16(name: str):
    """Two blocks of the published width; the others are alike."""
    checkpoint = PUBLISHED[name]
    transformer = build_transformer(checkpoint, torch.bfloat16, num_layers=2)
    assert {tensor.device.type for tensor in transformer.state_dict().values()} == {"meta"}
    grid = checkpoint.architecture.grid(checkpoint.card.size)
    with torch.inference_mode(), Watch() as watch:
        predict(checkpoint.family, transformer, grid, checkpoint.family.words)
    assert watch.heavy > 2 * 6


@pytest.mark.parametrize("name", PARAMETERS)
def test_published_sizes(name: str):
    transformer = build_transformer(PUBLISHED[name], torch.bfloat16)
    assert sum(p.numel() for p in transformer.parameters()) == pytest.approx(PARAMETERS[name], rel=0.01)
    vae = build_vae(PUBLISHED[name], torch.float32)
    assert {tensor.device.type for tensor in vae.state_dict().values()} == {"meta"}


def test_streams_by_hand():
    latte = build_transformer(LATTE, torch.bfloat16, num_layers=1)
    assert stream_bytes(LATTE.family, latte, (16, 64, 64), 120) == 2 * 16 * 32 * 32 * 1152 * 2
    cogvideox = build_transformer(COGVIDEOX, torch.bfloat16, num_layers=1)
    assert stream_bytes(COGVIDEOX.family, cogvideox, (13, 60, 90), 226) == 2 * (13 * 30 * 45 + 226) * 1920 * 2
    mochi = build_transformer(PUBLISHED["mochi-1"], torch.bfloat16, num_layers=1)  # its text is half as wide
    assert (
        stream_bytes(PUBLISHED["mochi-1"].family, mochi, (2, 60, 106), 256)
        == 2 * ((2 * 30 * 53) * 3072 + 256 * 1536) * 2
    )
    hunyuan = build_transformer(PUBLISHED["hunyuan-video"], torch.bfloat16, num_layers=1, num_single_layers=1)
    tokens = 2 * 34 * 60 + 256  # of one half: guidance is an input
    assert stream_bytes(PUBLISHED["hunyuan-video"].family, hunyuan, (2, 68, 120), 256) == tokens * 3072 * 2


def test_decoding_stays_on_its_device_in_bfloat16():
    vae = build_vae(LATTE, torch.bfloat16)
    with torch.inference_mode(), Watch() as watch:
        decode(LATTE.family, vae, (2, 64, 64))
    assert watch.heavy > 50


def test_the_doctor_says_what_latte_needs_and_loading_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    states = {check.what: check.state for check in diagnose("latte-1").checks}
    assert states["weights maxin-cn/Latte-1"] == "download"
    assert states["GPU"] == states["GPU memory"] == "missing"
    assert {state for what, state in states.items() if what.startswith("package")} == {"present"}
    needs = estimate_published("latte-1")
    assert stored_needs("latte-1") == needs  # what the page answers with
    assert needs["transformer"].weights == pytest.approx(2 * PARAMETERS["latte-1"], rel=0.01)
    assert needs["transformer"].working > 6 * 2 * 16 * 32 * 32 * 1152 * 2  # the kept streams alone
    assert diagnose("latte-1").exit_status == 1
    with pytest.raises(ValueError, match="Latte-1 cannot run here: GPU: none that PyTorch"):
        load_model("latte-1")
    assert not list(tmp_path.iterdir())
