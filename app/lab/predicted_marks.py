"""Predicted marks: what adapting would be worth on recordings, in predicted dB at one mean compute.

Even steps for all, the best schedule shared by all, each video with a number of steps and a schedule of its own,
and what a codebook chose.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from app.caching.method import ReuseOption
from app.caching.methods.even_steps import EvenStepsConfig
from app.lab.adapting import Mark, own_numbers
from app.lab.prediction import Predictor
from app.lab.search import Schedule, best_schedule

MarkName = Literal["even", "shared", "own", "codebook"]
SPREAD = (0.5, 2.0)  # numbers of steps that a video may get, as shares of the budget


@dataclass(frozen=True)
class PredictedMark:
    """A mark with the schedule of each video."""

    mark: Mark
    schedules: tuple[Schedule, ...]


def predicted_marks(
    predictors: Sequence[Predictor],
    budget: int,
    reuse: ReuseOption,
    codebook: Sequence[Schedule],
    poll: Callable[[], None] = lambda: None,
) -> dict[MarkName, PredictedMark]:
    """The four marks; `codebook`: its schedule on each recording. `poll` may raise to break off.

    A ValueError where the recordings have different numbers of steps, or the budget leaves nothing to hand out.
    """
    steps = predictors[0].recording.steps
    if not 2 <= budget < steps:
        raise ValueError(f"the budget is 2 to {steps - 1} computed steps, got {budget}")
    shared = best_schedule(predictors, budget, reuse, poll=poll)
    evenly = {number: EvenStepsConfig(number).steps(steps) for number in numbers_around(budget, steps)}
    by_number = []
    for predicting in predictors:
        poll()
        found = predicting.db(list(evenly.values()), reuse).tolist()
        by_number.append(dict(zip(evenly, found, strict=True)))
    numbers = own_numbers(by_number, budget).computed_steps
    own = [
        best_schedule([predicting], number, reuse, poll=poll)
        for predicting, number in zip(predictors, numbers, strict=True)
    ]
    schedules: dict[MarkName, Sequence[Schedule]] = {
        "even": [evenly[budget]] * len(predictors),
        "shared": [shared] * len(predictors),
        "own": own,
        "codebook": codebook,
    }
    return {name: _marked(predictors, chosen, reuse) for name, chosen in schedules.items()}


def numbers_around(budget: int, steps: int) -> range:
    """The numbers of computed steps that a video of a run of `steps` may get, the budget among them."""
    low, high = (min(max(round(budget * share), 2), steps - 1) for share in SPREAD)
    return range(low, high + 1)


def _marked(predictors: Sequence[Predictor], schedules: Sequence[Schedule], reuse: ReuseOption) -> PredictedMark:
    db = tuple(float(p.db([steps], reuse)[0]) for p, steps in zip(predictors, schedules, strict=True))
    return PredictedMark(Mark(tuple(map(len, schedules)), db), tuple(schedules))
