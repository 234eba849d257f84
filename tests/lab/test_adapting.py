"""Adapting: numbers of steps handed out by hand, never above the budget, never worse than equal ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.lab.adapting import Mark, given_numbers, own_numbers, same_number

# PSNR by number of computed steps.
EASY = {1: 40.0, 2: 44.0, 3: 46.0, 4: 47.0}
HARD = {1: 25.0, 2: 30.0, 3: 40.0, 4: 43.0}
videos = st.lists(st.lists(st.floats(10, 60), min_size=4, max_size=4), min_size=1, max_size=6)


def test_by_hand():
    assert same_number([EASY, HARD], 2).db == (44.0, 30.0)
    assert given_numbers([EASY, HARD], (1, 4)) == Mark((1, 4), (40.0, 43.0))
    with pytest.raises(KeyError):
        given_numbers([EASY, HARD], (1, 5))
    own = own_numbers([EASY, HARD], 2)
    assert (own.computed_steps, own.db) == ((1, 3), (40.0, 40.0))
    # A common level of 43 takes 2 and 4 steps, the whole budget of six.
    assert own_numbers([EASY, HARD], 3).computed_steps == (2, 4)
    # A video whose PSNR falls with more steps keeps the number that serves it best.
    assert own_numbers([{1: 30.0, 2: 20.0}, {1: 10.0, 2: 50.0}], 2).computed_steps == (1, 2)


def test_the_worst_decile_is_interpolated_as_numpy_does():
    mark = Mark((10,) * 11, tuple(float(db) for db in range(30, 41)))
    assert mark.to_json() == {"computed_steps": 10, "mean_db": 35.0, "worst_decile_db": 31.0}


@given(videos, st.integers(1, 4))
def test_own_numbers_keep_the_budget_and_lift_the_worst(rows, budget):
    by_number = [dict(enumerate(sorted(row), start=1)) for row in rows]
    own = own_numbers(by_number, budget)
    assert sum(own.computed_steps) <= budget * len(rows)
    assert min(own.db) >= min(same_number(by_number, budget).db)
