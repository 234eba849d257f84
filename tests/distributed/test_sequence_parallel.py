"""Several processes make one video as one process does: the same schedule, the same latent, counted exchanges."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from app.__main__ import main
from app.distributed.frame_sharding import shares
from tests.distributed import program
from tests.support import open_sora, open_sora_plan
from tests.support.paths import ROOT

CASES = program.cases()
ELEMENT = 2 * 64 * 4  # a token's bytes in the tiny Open-Sora: batch 2, 64 channels, float32


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoints")
    open_sora.write_checkpoint(folder / "open-sora")
    open_sora_plan.write_checkpoint(folder / "open-sora-plan")
    return folder


@pytest.fixture(scope="module")
def together(folder: Path) -> dict[Any, program.Result]:
    out = folder / "results.pt"
    made = started("-m", "tests.distributed.program", str(folder), str(out))
    assert made.returncode == 0, made.stderr[-3000:]
    return {case: program.Result(*result) for case, result in torch.load(out).items()}


@pytest.fixture(scope="module")
def alone(folder: Path) -> dict[Any, program.Result]:
    prepared = program.prepare(folder)
    return {case: program.denoise(*prepared[case[0]], case[1]) for case in {case[1:] for case in CASES}}


def started(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(map(str, case)))
def test_schedule_and_latent_are_those_of_one_process(case, together, alone):
    shared, single = together[case], alone[case[1:]]
    assert shared.computed == single.computed
    torch.testing.assert_close(shared.latent, single.latent, rtol=0, atol=1e-5)


@pytest.mark.parametrize("case", [case for case in CASES if case[2] in program.BARS], ids=str)
def test_a_reused_step_exchanges_nothing(case, together):
    result = together[case]
    steps = list(zip(result.computed, result.exchanged, strict=True))
    assert {exchanged for computed, exchanged in steps if computed == "none"} <= {0}
    assert {exchanged == 0 for computed, exchanged in steps if computed == "all"} == {False}
    if case[2] == "pab-slow":  # reuses temporal attention, which alone exchanges anything, in every other step
        assert {exchanged for _, exchanged in steps} == {0, result.exchanged[0]}


def test_one_process_counts_no_exchange(alone):
    assert set(alone["open-sora-1.2", "none"].exchanged) == {None}


@pytest.mark.parametrize("processes", [2, 4])
def test_the_baselines_bytes_are_those_of_its_tokens(processes, together):
    # 5 frames of 20 patches; a token stays if its frame and its patch have one owner; there and back in 4 blocks.
    staying = {2: 3 * 10 + 2 * 10, 4: 2 * 5 + 3 * 1 * 5}[processes]
    step = 4 * 2 * (5 * 20 - staying) * ELEMENT
    assert together[processes, "open-sora-1.2", "none"].exchanged == [step] * program.STEPS


def test_adacache_measures_motion_over_all_frames_of_the_video(together):
    result = together[2, "open-sora-1.2", "adacache-fast-moreg"]
    baseline = together[2, "open-sora-1.2", "none"].exchanged[0]
    first = result.exchanged[0]
    assert first is not None
    assert baseline is not None
    # The probe's residual goes over once; each norm is four float64 sums that both processes send.
    more = first - baseline - 50 * ELEMENT
    assert more > 0
    assert more % (2 * 4 * 8) == 0


@pytest.mark.parametrize(
    ("count", "processes", "expected"), [(5, 2, [3, 2]), (5, 4, [2, 1, 1, 1]), (2, 3, [1, 1, 0])]
)
def test_shares_differ_by_one(count: int, processes: int, expected: list[int]):
    assert shares(count, processes) == expected


def test_torchrun_makes_the_video_that_one_process_makes(folder: Path, tmp_path: Path):
    size = ("--resolution", "144p", "--aspect-ratio", "1:1", "--length", "17")
    book = tmp_path / "book.json"
    book.write_text('{"0.1": 3, "1": 2}')  # reuses after every computed step, whatever the distance
    asked = (
        "--prompt",
        "a red fox runs over the snow",
        "--steps",
        "8",
        "--codebook",
        str(book),
        "--motion",
        *size,
    )
    weights = ("--model", "open-sora-1.2", "--weights", str(folder / "open-sora"))
    command = ("-m", "app", "generate", *weights, *asked, "--out")
    torchrun = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2")
    several = started(*torchrun, *command, str(tmp_path / "two"))
    assert several.returncode == 0, several.stderr[-3000:]
    assert several.stdout.count("steps computed") == 1
    assert "2 processes exchanged" in several.stdout
    assert main([*command[2:], str(tmp_path / "one")]) == 0
    latents = [load_file(tmp_path / made / "baseline.safetensors") for made in ("one", "two")]
    for name, latent in latents[0].items():
        torch.testing.assert_close(latents[1][name], latent, rtol=0, atol=1e-5)
    traces = [json.loads((tmp_path / made / "trace.json").read_text()) for made in ("one", "two")]
    schedules = [[step["computed"] for step in trace["records"]["accelerated"]] for trace in traces]
    assert "none" in schedules[0]
    assert schedules[0] == schedules[1]
    assert [step["exchanged_bytes"] == 0 for step in traces[1]["records"]["accelerated"]] == [
        computed == "none" for computed in schedules[1]
    ]
