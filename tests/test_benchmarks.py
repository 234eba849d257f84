"""The benchmarks' arithmetic: the permutation test and Welch's t by hand, prompts in pairs, the classes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.common.paths import RECORDINGS
from app.lab.prediction import predictor
from app.lab.recording import load_recording
from app.models.sprites.text import understand
from app.models.sprites.vocabulary import load_vocabulary
from app.selftest.measure import Accelerated, FullSize
from app.training.codebooks import CLASSES, composed
from benchmarks import gpu
from benchmarks.lab import figures
from benchmarks.motion import permutation_test, prompts, welch
from benchmarks.needs import first_of
from benchmarks.options import figures as option_figures
from benchmarks.options import nearest, options


def test_the_permutation_test_by_counting():
    # Of the 20 ways to choose 3 of 6, two (this one and its mirror) differ as much: p = 0.1.
    one, other = np.array([4.0, 5, 6]), np.array([1.0, 2, 3])
    assert permutation_test(one, other, 20_000) == pytest.approx(0.1, abs=0.01)
    assert permutation_test(one, one, 1000) == 1
    assert permutation_test(np.arange(50.0) + 100, np.arange(50.0), 1000) == pytest.approx(1 / 1001)


def test_welch_by_hand():
    # Means 5 and 2, variances 1 and 1, 3 each: 3 / sqrt(2 / 3) with 4 degrees of freedom.
    assert welch(np.array([4.0, 5, 6]), np.array([1.0, 2, 3])) == pytest.approx((3 / np.sqrt(2 / 3), 4.0))
    assert welch(np.ones(3), np.ones(3)) == (None, None)


def test_motion_prompts_differ_in_motion_and_speed_only():
    made = prompts(20)
    for (_, still, _), (_, fast, motion) in zip(made[::2], made[1::2], strict=True):
        one, other = (understand(prompt, load_vocabulary()) for prompt in (still, fast))
        assert (one.name("object"), one.name("background")) == (other.name("object"), other.name("background"))
        assert (one.name("motion"), one.name("speed")) == ("still", None)
        assert (other.name("motion"), other.name("speed")) == (motion, "fast")


def test_options_are_compared_at_like_compute():
    recordings = [load_recording(path) for path in sorted(RECORDINGS.glob("*.json"))[:2]]
    predictors = [predictor(recording) for recording in recordings]
    found = nearest(predictors, options(recordings[0].model)["motion"], 15)
    told = option_figures(predictors, found, [6.1, 8.7])
    assert told["mean_steps"] == pytest.approx(15, abs=0.5)
    assert (told["fewest"], told["most"]) == tuple(sorted(map(len, found)))
    assert told["correlation"] == 1  # the fast one is given more, and needs more
    assert option_figures(predictors, [(1, 4), (1, 9)], [6.1, 8.7])["correlation"] is None


def test_the_first_number_that_is_enough_is_found_by_halving():
    numbers = (2, 3, 5, 8, 13)
    for least, found in ((0, 2), (3, 3), (4, 5), (13, 13), (14, None)):
        asked: list[int] = []

        def enough(number: int, least: int = least, asked: list[int] = asked) -> bool:
            asked.append(number)
            return number >= least

        assert first_of(numbers, enough) == found
        assert len(asked) <= 3


def test_calibration_prompts_take_the_classes_in_turn():
    speeds = [understand(prompt, load_vocabulary()).name("speed") or "still" for prompt in composed(9)]
    assert speeds == list(CLASSES) * 3


def test_figures_of_the_lab():
    per_method = {"wished": 20.0, "matched": 30.0, "paper": 25.0}
    rows: list[dict[str, Any]] = [
        {"simulated": [1, 2, 5], "real": (1, 2, 5), "psnr_db": per_method, "steps_over_computed": per_method},
        {"simulated": [1, 2, 5], "real": (1, 2, 4, 6), "psnr_db": None, "steps_over_computed": {"wished": 9}},
    ]
    found = figures(rows, 2.0)
    assert (found["same_schedule"], found["mean_difference_in_computed_steps"]) == (0.5, 0.5)
    assert (found["quality_prompts"], found["matched_psnr_db"]) == (1, 30.0)


def test_the_page_of_a_gpu_names_the_card_and_every_figure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = (Accelerated("adacache-fast", 12, 20.5, 2.31, 0.95, 2.24), Accelerated("own", 20, 33.0, 1.4, 0.9, None))
    found = FullSize("480p, 2 s, 30 steps", 30, 1.625, 0.0312, 4.25, 0.015, 9 * 2**30, 8 * 2**30, runs)
    text = gpu.page("NVIDIA H200", [found])
    assert "Measured on one NVIDIA H200, " in text
    assert "| 480p, 2 s, 30 steps | 1.625 | 0.0312 | 4.25 | 0.015 | 8.0 GB | 9.0 GB |" in text
    assert "| adacache-fast | 12 of 30 | 20.50 | 2.31x | 2.24x | 0.95 |" in text
    assert "| own | 20 of 30 | 33.00 | 1.40x | - | 0.90 |" in text
    monkeypatch.setattr(gpu, "PAGE", tmp_path / "gpu.md")
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert gpu.main() == 1
    assert "gpu.md stays as it is" in capsys.readouterr().err
    assert not (tmp_path / "gpu.md").exists()
