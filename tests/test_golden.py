"""Every recording shipped with the tests replays, and a wrong one is a miss."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.golden.__main__ import REPLAYS, main, replay_folder
from tests.golden.adacache import replay_runs
from tests.golden.osp110 import replay_vae
from tests.golden.result import Replay, pack, read_tensors, unpack
from tests.support.paths import GOLDEN

COMPLETE = Path(__file__).parents[2] / "shared" / "golden"
CAUSAL_VAE = "osp110_causalvae"


def copy(folder: Path, *names: str) -> None:
    for name in names:
        for path in GOLDEN.glob(f"{name}.*"):
            shutil.copy(path, folder)


@pytest.mark.parametrize(
    "replay", [replay for replay in REPLAYS if replay.run is not replay_vae], ids=lambda replay: replay.pattern
)
def test_every_recording_replays(replay: Replay):
    results = [result for path in sorted(GOLDEN.glob(replay.pattern)) for result in replay.run(path)]
    assert results
    assert [str(result) for result in results if not result.passed] == []


def test_per_branch_execution_replays_the_same_runs(tmp_path: Path):
    copy(tmp_path, "adacache_runs", "adacache_weights")
    path = tmp_path / "adacache_runs.json"
    recording = json.loads(path.read_text())
    recording["runs"] = {name: run for name, run in recording["runs"].items() if not name.startswith("n100")}
    path.write_text(json.dumps(recording))
    results = list(replay_runs(path, folded=False))
    assert len(results) >= 20
    assert [str(result) for result in results if not result.passed] == []


@pytest.fixture
def forward_only(tmp_path: Path) -> Path:
    copy(tmp_path, "stdit3_forward_e", "stdit3_tiny_weights")
    return tmp_path


def test_a_wrong_output_is_a_miss(forward_only: Path, capsys: pytest.CaptureFixture[str]):
    assert main([str(forward_only)]) == 0
    path = forward_only / "stdit3_forward_e.safetensors"
    tensors = load_file(path)
    tensors["output"] = tensors["output"].clone()
    tensors["output"].view(-1)[7] += 2e-4
    save_file(tensors, path)
    assert main([str(forward_only)]) == 1
    assert "MISS stdit3_forward_e" in capsys.readouterr().out


def test_a_truncated_recording_is_a_miss(forward_only: Path, capsys: pytest.CaptureFixture[str]):
    path = forward_only / "stdit3_forward_e.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    assert main([str(forward_only)]) == 1
    assert "MISS stdit3_forward_e" in capsys.readouterr().out


def test_a_wrong_schedule_is_a_miss(tmp_path: Path):
    copy(tmp_path, "adacache_runs", "adacache_weights")
    path = tmp_path / "adacache_runs.json"
    recording = json.loads(path.read_text())
    run = recording["runs"]["fast_tattn"]
    run["computed_steps"].remove(16)
    recording["runs"] = {"fast_tattn": run}
    path.write_text(json.dumps(recording))
    (result,) = replay_folder(tmp_path)
    assert result.schedule_equal is False
    assert not result.passed


@pytest.mark.skipif(not COMPLETE.is_dir(), reason=f"the complete recordings are not in {COMPLETE}")
def test_the_vae_too_large_for_a_clone_replays():
    results = [
        result for name in ("encode", "decode") for result in replay_vae(COMPLETE / f"{CAUSAL_VAE}_{name}.json")
    ]
    assert [str(result) for result in results if not result.passed] == []


def test_packing_loses_nothing():
    content = (GOLDEN / "stdit3_forward_e.safetensors").read_bytes()
    assert unpack(pack(content)) == content


def test_an_empty_folder_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main([str(tmp_path)]) == 1
    assert "no recordings" in capsys.readouterr().err


def test_the_data_fits_its_budget():
    assert sum(path.stat().st_size for path in GOLDEN.iterdir()) <= 12 * 2**20


def test_replays_are_float32():
    assert {t.dtype for t in read_tensors(GOLDEN / "stdit3_tiny_weights.json").values()} == {torch.float32}
