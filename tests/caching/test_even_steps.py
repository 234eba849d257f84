"""Even steps: the schedule by hand, and that it is the fixed interval where that divides the run."""

import pytest

from app.caching.methods.even_steps import EvenStepsConfig
from app.caching.methods.fixed_interval import FixedIntervalConfig
from app.caching.names import named_method
from app.caching.policy import RunShape


def test_steps_by_hand() -> None:
    assert EvenStepsConfig(computed=4).steps(10) == (1, 3, 6, 8)
    assert EvenStepsConfig(computed=10).steps(10) == tuple(range(1, 11))
    with pytest.raises(ValueError, match="12 computed steps are wished, the run has 10"):
        EvenStepsConfig(computed=12).steps(10)


def test_every_third_step_of_thirty_is_ten_even_steps() -> None:
    run = RunShape(tuple(range(30, 0, -1)), 2)
    assert EvenStepsConfig(computed=10).plans(run) == FixedIntervalConfig(interval=3).plans(run)


def test_it_is_found_by_its_name() -> None:
    assert named_method("even-12+forecast", "sprites") == EvenStepsConfig(computed=12, reuse="forecast")
