"""The doctor says what is there and what is missing, and whether the model can run."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.__main__ import main
from app.models.doctor import diagnose, missing
from app.models.open_sora.card import CARD
from app.models.open_sora.repositories import FOLDER_VARIABLE
from app.models.registry import load_model
from app.models.requirements import check_packages

GIB = 2**30


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("app.models.requirements.host_bytes", lambda: 32 * GIB)
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)


def pretend_gpu(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    """What the doctor reads of a GPU; nothing is computed on it."""
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.current_device", lambda: 0)
    monkeypatch.setattr(
        "torch.cuda.get_device_properties", lambda _: SimpleNamespace(name="Pretended", total_memory=free)
    )
    monkeypatch.setattr("app.models.requirements.free_bytes", lambda _: free)


def states(model: str) -> dict[str, str]:
    return {check.what.split("/")[-1]: check.state for check in diagnose(model).checks}


def test_sprites_needs_nothing():
    assert diagnose("sprites").exit_status == 0
    assert missing("sprites") is None


def test_without_a_gpu_open_sora_is_refused_before_anything_is_downloaded(no_gpu: None, tmp_path: Path):
    diagnosis = diagnose("open-sora-1.2")
    assert diagnosis.exit_status == 1
    assert states("open-sora-1.2") == {
        "package transformers": "present",
        "package sentencepiece": "present",
        "GPU": "missing",
        "t5-v1_1-xxl": "download",
        "OpenSora-STDiT-v3": "download",
        "OpenSora-VAE-v1.2": "download",
        "disk": "present",
        "GPU memory": "missing",
        "main memory": "present",
    }
    assert "cannot run here yet" in str(diagnosis)
    with pytest.raises(ValueError, match=r"Open-Sora 1\.2 cannot run here: GPU: none that PyTorch"):
        load_model("open-sora-1.2")
    assert not (tmp_path / "hub").exists()


def test_without_a_gpu_that_is_said_alone_and_at_once(no_gpu: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("app.models.doctor.diagnose", None)  # what would be needed of a GPU is not worked out
    assert missing("open-sora-1.2") == "Open-Sora 1.2 cannot run here: PyTorch finds no GPU"


def test_the_least_memory_is_that_of_the_parts_named_with_it(no_gpu: None):
    (memory,) = [check.detail for check in diagnose("open-sora-1.2").checks if check.what == "GPU memory"]
    least, *parts = [float(size) for size in re.findall(r"([\d.]+) GB", memory.split(";")[0])]
    assert least == pytest.approx(max(parts) + 1, abs=0.1)  # a gigabyte is left alone
    assert re.search(r"; text \d+\.\d GB may stay in main memory\)", memory)


def test_offline_weights_are_missing_not_downloadable(no_gpu: None, monkeypatch: pytest.MonkeyPatch):
    pretend_gpu(monkeypatch, 24 * GIB)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    refusal = missing("open-sora-1.2")
    assert refusal is not None
    assert "HF_HUB_OFFLINE is set" in refusal


def test_a_full_disk_is_said(no_gpu: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=GIB))
    assert states("open-sora-1.2")["disk"] == "missing"


def test_weights_in_a_local_folder_and_a_gpu_are_enough(
    no_gpu: None, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
):
    pretend_gpu(monkeypatch, 24 * GIB)
    assert missing("open-sora-1.2") is None  # the weights would be downloaded
    assert diagnose("open-sora-1.2").exit_status == 1
    monkeypatch.setenv(FOLDER_VARIABLE, str(checkpoint))
    diagnosis = diagnose("open-sora-1.2")
    assert diagnosis.exit_status == 0
    assert "at most" in str(diagnosis)


def test_a_gpu_too_small_is_refused_with_the_figures(no_gpu: None, monkeypatch: pytest.MonkeyPatch):
    pretend_gpu(monkeypatch, 4 * GIB)
    refusal = missing("open-sora-1.2")
    assert refusal is not None
    assert re.search(r"GPU memory: needs \d\.\d GB on cuda:0 and .* \(text .*\), 4\.0 GB and", refusal)


def test_a_smaller_size_fits_where_the_papers_does_not(no_gpu: None, monkeypatch: pytest.MonkeyPatch):
    small, large = CARD.requested_size("144p"), CARD.requested_size("720p", length="8s")
    pretend_gpu(monkeypatch, 5 * GIB)
    assert missing("open-sora-1.2", small) is None
    assert "GPU memory: needs" in (missing("open-sora-1.2", large) or "")
    assert main(["doctor", "--resolution", "144p"]) == 2  # Sprites has one size


def test_little_main_memory_is_said(no_gpu: None, monkeypatch: pytest.MonkeyPatch):
    pretend_gpu(monkeypatch, 24 * GIB)
    monkeypatch.setattr("app.models.requirements.host_bytes", lambda: 8 * GIB)
    refusal = missing("open-sora-1.2")
    assert refusal is not None
    assert "main memory: 8.0 GB available, 9.9 GB needed" in refusal


def test_a_missing_package_is_named_with_its_remedy():
    (check,) = check_packages(["no_such_package"])
    assert check.state == "missing"
    assert check.detail == "not installed (pip install no_such_package)"


def test_unknown_models_are_named():
    with pytest.raises(ValueError, match="no model 'sora'; there are: sprites, open-sora"):
        diagnose("sora")
