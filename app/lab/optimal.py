"""How good can it get: for each number of computed steps, the schedule of least recorded error.

A schedule is a path from step 1 past the last step; an edge from one computed step to the next costs the distances
of the steps between them. The cheapest path of k steps is the bound no codebook can beat on this recording.
"""

from collections.abc import Callable
from dataclasses import dataclass

from app.lab.recording import Recording
from app.lab.simulate import reuse_error, speedup


@dataclass(frozen=True)
class Bound:
    """The best schedule of a budget: its computed steps, predicted speedup and error (as in Simulation)."""

    computed: tuple[int, ...]
    speedup: float
    error: float


def optimal_schedules(recording: Recording, poll: Callable[[], None] = lambda: None) -> tuple[Bound, ...]:
    """The best schedule for every possible number of computed steps, fewest first; `poll` may break it off."""
    end = recording.steps + 1
    cost = {(last, following): 0.0 for last in range(1, end) for following in _followers(recording, last)}
    for last in range(1, end):
        spent = 0.0
        for following in _followers(recording, last):
            cost[last, following] = spent
            if following < end:
                spent += (
                    recording.distance(following, following - last) if following - last <= recording.max_lag else 0
                )
    # cheapest[k][step]: least cost of k computed steps of which the last is `step`, and the one before it
    cheapest: list[dict[int, tuple[float, int]]] = [{}, {1: (0.0, 0)}]
    bounds = []
    for budget in range(1, end):
        poll()
        arrivals = [
            (c + cost[step, end], step) for step, (c, _) in cheapest[budget].items() if (step, end) in cost
        ]
        if arrivals:
            computed = _trace(cheapest, budget, min(arrivals)[1])
            bounds.append(Bound(computed, speedup(recording, computed), reuse_error(recording, computed)))
        following_costs: dict[int, tuple[float, int]] = {}
        for step, (spent, _) in cheapest[budget].items():
            for following in _followers(recording, step):
                if following < end:
                    total = spent + cost[step, following]
                    if following not in following_costs or total < following_costs[following][0]:
                        following_costs[following] = (total, step)
        cheapest.append(following_costs)
    return tuple(bounds)


def _followers(recording: Recording, step: int) -> range:
    """Steps that can be computed next, the end included: at most `max_lag` steps on."""
    return range(step + 1, min(step + recording.max_lag, recording.steps + 1) + 1)


def _trace(cheapest: list[dict[int, tuple[float, int]]], budget: int, last: int) -> tuple[int, ...]:
    path = [last]
    for k in range(budget, 1, -1):
        path.append(cheapest[k][path[-1]][1])
    return tuple(reversed(path))
