"""Search for schedules: it finds the best of few, never below its starts, and leaves locked steps alone."""

from itertools import combinations

import pytest

from app.common.paths import RECORDINGS
from app.lab.pairs import spaced
from app.lab.prediction import Predictor, Reuse, predictor
from app.lab.recording import load_recording
from app.lab.search import POWERS, Locks, best_schedule, with_locks


@pytest.fixture(scope="module")
def predictors() -> list[Predictor]:
    return [predictor(load_recording(path)) for path in sorted(RECORDINGS.glob("*.json"))[:2]]


def test_two_computed_steps_are_the_best_of_all_there_are(predictors: list[Predictor]) -> None:
    one = predictors[0]
    every = [(1, *rest) for rest in combinations(range(2, one.recording.steps + 1), 1)]
    best = every[int(one.db(every, "hold").argmax())]
    assert best_schedule([one], 2, "hold") == best


@pytest.mark.parametrize("reuse", ["hold", "forecast"])
def test_it_ends_no_lower_than_where_it_starts(predictors: list[Predictor], reuse: Reuse) -> None:
    found = best_schedule(predictors, 10, reuse)
    assert len(found) == 10
    starts = [spaced(30, 10, power) for power in POWERS]
    first, second = (one.db([found, *starts], reuse) for one in predictors)
    means = list(first + second)
    assert means[0] >= max(means[1:])


def test_locked_steps_stay(predictors: list[Predictor]) -> None:
    locks = Locks(frozenset({8, 9}), frozenset({2, 3, 4, 30}))
    found = set(best_schedule(predictors[:1], 8, "hold", locks=locks))
    assert len(found) == 8
    assert locks.computed <= found
    assert not locks.reused & found


def test_locks_bend_a_schedule_as_little_as_they_must() -> None:
    locks = Locks(frozenset({8}), frozenset({4}))
    assert with_locks((1, 4, 7, 10), 12, locks) == (1, 7, 8, 10)
    assert with_locks((1, 4, 7, 10), 12, Locks(frozenset({5, 8}))) == (1, 5, 8, 10)


@pytest.mark.parametrize(
    ("budget", "locks", "said"),
    [
        (2, Locks(frozenset({5, 6})), "3 to 30 steps can be computed, asked for 2"),
        (30, Locks(reused=frozenset({5})), "1 to 29 steps can be computed, asked for 30"),
        (5, Locks(reused=frozenset({1})), "step 1 is always computed"),
        (5, Locks(frozenset({31})), "locks name steps 2 to 30"),
    ],
)
def test_what_cannot_be_is_said(predictors: list[Predictor], budget: int, locks: Locks, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        best_schedule(predictors, budget, "hold", locks=locks)
