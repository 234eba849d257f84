"""Speed from medians of made-up step times, and what is said where the machine spoils it."""

from collections.abc import Sequence

import pytest

from app.caching.record import StepRecord
from app.generation.speed import Speed, baseline_scale, speed_of, step_spread, typical_seconds

Times = Sequence[tuple[str | int, float]]


def records(times: Times) -> list[StepRecord]:
    return [
        StepRecord(step=i, timestep=500.0, computed=computed, seconds=seconds)  # type: ignore[arg-type]
        for i, (computed, seconds) in enumerate(times, 1)
    ]


def whole(*seconds: float) -> list[StepRecord]:
    return records([("all", s) for s in seconds])


QUIET = whole(*[1.0] * 30)
EVERY_THIRD = records([("all", 1.0), ("none", 0.05), ("none", 0.05)] * 10)


def test_seconds_are_medians_of_each_kind_of_step() -> None:
    times: Times = [("all", 1.0), ("all", 9.0), ("all", 1.2), (4, 0.5), (4, 0.7), (8, 0.9), ("none", 0.1)]
    assert typical_seconds(records(times)) == pytest.approx(3 * 1.2 + 2 * 0.6 + 0.9 + 0.1)


def test_a_quiet_run_has_nothing_against_it() -> None:
    speed = speed_of(QUIET, EVERY_THIRD, share=0.34)
    assert speed.speedup == pytest.approx(30 / 11)
    assert (speed.baseline_seconds, speed.accelerated_seconds) == (30, pytest.approx(11))
    assert speed.notes() == []


def test_a_hiccup_of_a_side_changes_no_speedup() -> None:
    disturbed = whole(*[1.0] * 24, *[8.0] * 6)
    speed = speed_of(disturbed, EVERY_THIRD, share=0.34)
    assert speed.summed_seconds[0] == 72  # 6.5x by the clock
    assert speed.speedup == pytest.approx(30 / 11)


@pytest.mark.parametrize("slower", [0.3, 0.86, 0.94, 1.06, 1.2, 3.17])
def test_identical_sides_are_within_5_percent_of_1_or_carry_a_word(slower: float) -> None:
    speed = speed_of(whole(*[slower] * 30), QUIET, share=1.0)
    assert speed.speedup == pytest.approx(slower)
    assert speed.notes() != []
    assert f"{1 / slower:.2f} times as long on the accelerated side" in " ".join(speed.notes())


def test_identical_sides_on_a_machine_that_is_busy_now_and_then() -> None:
    busy = [1.0, 2.0] * 15
    speed = speed_of(whole(*busy), whole(*busy[::-1]), share=1.0)
    assert speed.speedup == 1
    assert any("Equal steps took unequal times" in note for note in speed.notes())


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.40, "more than the 2.50x that computing 40% of the baseline's FLOPs allows"),
        (0.34, None),
        (0.30, "18% short of the 3.33x"),
        (0.368, "above the 2.72x that computing 37% of the baseline's FLOPs allows, by measuring error"),
    ],
)
def test_what_compute_allows_is_held_against_the_speedup(share: float, said: str | None) -> None:
    notes = speed_of(QUIET, EVERY_THIRD, share=share).notes()
    assert said in notes[0] if said else notes == []


def test_no_speedup_above_what_compute_allows_is_ever_without_a_word() -> None:
    for percent in range(1, 101):
        for faster in range(60, 160):
            share, speedup = percent / 100, faster / percent
            speed = Speed(speedup, 1.0, (speedup, 1.0), 0.0, None, share, "FLOPs")
            if f"{speedup:.2f}" != f"{1 / share:.2f}" and speedup > 1 / share:
                assert speed.notes(), (share, speedup)


def test_a_baseline_of_slower_hours_is_scaled() -> None:
    then = whole(*[2.5] * 30)
    scale = baseline_scale(then, EVERY_THIRD)
    assert scale == pytest.approx(0.4)
    speed = speed_of(then, EVERY_THIRD, scale=scale, share=0.34)
    assert speed.speedup == pytest.approx(30 / 11)
    assert (speed.step_ratio, speed.notes()) == (None, [])
    assert baseline_scale(then, whole(1.0, 1.0)) is None


def test_spread_is_the_middle_half_over_the_median() -> None:
    assert step_spread(whole(1.0, 2.0, 3.0, 4.0, 5.0)) == pytest.approx(2 / 3)
    assert step_spread(whole(1.0, 9.0)) == 0


def test_steps_without_time_have_no_speed() -> None:
    with pytest.raises(ValueError, match="took no time"):
        speed_of(QUIET, whole(0.0, 0.0, 1.0))
