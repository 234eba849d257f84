"""One codebook for any step count, by hand: distances and rates are those of the codebook's own step count."""

import pytest

from app.caching.codebook import Codebook
from app.caching.methods.adacache import AdaCacheConfig, AdaptiveSchedule, Measurement
from app.caching.motion import Formula

BOOK = Codebook((0.1, 0.2, 1.0), (4, 2, 1))


def computed(steps: int, made_for: int | None, speed: float, formula: Formula = "paper") -> list[int]:
    """Computed steps of a run whose residual moves by `speed` over the whole schedule."""
    schedule = AdaptiveSchedule(AdaCacheConfig(BOOK, formula=formula, made_for=made_for), steps)
    done: list[int] = []
    for step in range(1, steps + 1):
        if schedule.computes(step):
            change = (step - done[-1]) * speed / steps if done else None
            schedule.decide([Measurement(change, 0.0)])
            done.append(step)
    return done


def test_twice_the_steps_compute_at_the_same_places():
    # A step of 20 moves the residual by 0.15, within 0.1 and 0.2: rate 2.
    assert computed(20, 20, speed=3.0) == [1, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20]
    # A step of 40 moves it by 0.075; unscaled that is rate 4, scaled it is 0.15 for each of 20: rate 2 x 2.
    assert computed(40, None, speed=3.0) == [1, 2, *range(6, 41, 4)]
    assert computed(40, 20, speed=3.0) == [1, 2, *range(6, 41, 4)]
    # Where 20 steps compute every one of them, 40 compute every other.
    assert computed(20, 20, speed=5.0) == list(range(1, 21))
    assert computed(40, 20, speed=5.0) == [1, *range(2, 41, 2)]
    assert computed(40, None, speed=5.0) == [1, 2, *range(4, 41, 2)]


@pytest.mark.parametrize("formula", ["official", "paper"])
def test_its_own_step_count_changes_nothing(formula: Formula):
    for speed in (1.0, 3.0, 5.0):
        assert computed(30, 30, speed, formula) == computed(30, None, speed, formula)


def test_rates_stay_at_least_1_in_shorter_runs():
    config = AdaCacheConfig(BOOK, made_for=100)
    assert [config.rate(row, 30) for row in range(3)] == [1, 1, 1]
    assert [config.rate(row, 100) for row in range(3)] == [4, 2, 1]
    assert [config.rate(row, 250) for row in range(3)] == [10, 5, 2]


def test_a_bad_step_count_is_named():
    with pytest.raises(ValueError, match="made for must be a whole number from 1 to 1000, got 0"):
        AdaCacheConfig(BOOK, made_for=0)
