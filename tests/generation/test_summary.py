"""Summaries read back: the speed is made anew from the trace, and older ones are understood."""

from typing import Any

import pytest

from app.caching.methods.fixed_interval import FixedIntervalConfig
from app.caching.record import StepRecord
from app.generation.request import Request
from app.generation.summary import read_summary, speed_text
from app.generation.trace import Trace

REQUEST = Request("tiny", "a test", FixedIntervalConfig(2), steps=6)
BASELINE = (2.0, 2.0, 9.0, 2.0, 2.0, 2.0)


def trace() -> Trace:
    def record(step: int, computed: str, seconds: float) -> StepRecord:
        return StepRecord(step=step, timestep=500.0, computed=computed, seconds=seconds)  # type: ignore[arg-type]

    baseline = tuple(record(i, "all", s) for i, s in enumerate(BASELINE, 1))
    accelerated = tuple(record(i, "all" if i % 2 else "none", 1.0 if i % 2 else 0.0) for i in range(1, 7))
    return Trace(REQUEST, {"baseline": baseline, "accelerated": accelerated})


def summary(**changes: Any) -> dict[str, Any]:
    old = {
        "prompt": "a test",
        "computed_steps": 3,
        "baseline_seconds": 19.0,
        "accelerated_seconds": 3.0,
        "speedup": 19 / 3,
        "computed_fraction": 0.5,
        "baseline_decode_seconds": 0.1,
        "accelerated_decode_seconds": 0.1,
        "psnr_db": 40.0,
        "peak_cache_bytes": 1,
    }
    new = {
        "baseline_seconds": 12.0,
        "speedup": 4.0,
        "baseline_measured": None,
        "baseline_scale": None,
        "compute_share": 0.5,
        "compute_unit": "FLOPs",
    }
    return {**old, **(new if changes.pop("new", True) else {}), **changes}


def test_an_older_summary_of_sums_is_read_and_corrected() -> None:
    read = read_summary(summary(new=False), trace())
    assert (read["speedup"], read["summed_seconds"]) == (4.0, {"baseline": 19.0, "accelerated": 3.0})
    assert (read["compute_share"], read["compute_unit"]) == (0.5, "branches")
    assert "more than the 2.00x that computing 50% of the baseline's branches allows" in read["speed_notes"][0]
    assert speed_text(read) == "4.00x (at most 2.00x by its 50% of the baseline's branches)"


def test_an_older_reused_baseline_is_scaled_by_computed_steps() -> None:
    measured = "2026-03-01T12:00:00+00:00"
    read = read_summary(summary(new=False, baseline_measured=measured), trace())
    assert (read["baseline_scale"], read["speedup"]) == (0.5, 2.0)


def test_what_a_summary_says_against_its_speed_is_never_taken_from_the_file() -> None:
    read = read_summary(summary(speed_notes=["all is well"], speedup_allowed=99), trace())
    assert read["speedup_allowed"] == 2
    assert "all is well" not in read["speed_notes"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"speedup": 6.0}, "speedup is not what its trace tells"),
        ({"baseline_seconds": 19.0}, "baseline_seconds is not what its trace tells"),
        ({"compute_share": 0}, "compute_share must be within 1e-09 and 1"),
        ({"compute_share": 1.5}, "compute_share must be within 1e-09 and 1"),
        ({"compute_unit": "hours"}, "FLOPs or branches, got 'hours'"),
        ({"baseline_scale": 2.0}, "only a baseline of an earlier run is scaled"),
        ({"baseline_measured": "yesterday"}, "a moment is written as"),
    ],
)
def test_a_speed_that_cannot_be_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_summary(summary(**changes), trace())
