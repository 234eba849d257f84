"""Search: the schedule of best predicted picture at a number of computed steps, of one video or shared by several.

Coordinate descent over the computed steps from several starts: each slides between its neighbours while that
helps, then any may move anywhere. Errors of steps depend on each other, so no shortest path is exact here.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from app.lab.pairs import spaced
from app.lab.prediction import Predictor, Reuse

Schedule = tuple[int, ...]
POWERS = (1.0, 1.4, 0.8)  # of the starts' spacing: even, dense early, dense late


@dataclass(frozen=True)
class Locks:
    """Steps that a search leaves as they are."""

    computed: frozenset[int] = frozenset()
    reused: frozenset[int] = frozenset()

    def check(self, steps: int, budget: int) -> None:
        """A ValueError where no schedule of so many computed steps has these locks."""
        if 1 in self.reused or self.computed & self.reused or max(self.computed | self.reused, default=1) > steps:
            raise ValueError(f"locks name steps 2 to {steps}, each once, and step 1 is always computed")
        least, most = len(self.computed | {1}), steps - len(self.reused)
        if not least <= budget <= most:
            raise ValueError(f"with these locks {least} to {most} steps can be computed, asked for {budget}")

    def free(self, step: int) -> bool:
        """Whether a step may be computed or reused."""
        return step > 1 and step not in self.computed and step not in self.reused


def best_schedule(
    predictors: Sequence[Predictor],
    budget: int,
    reuse: Reuse,
    *,
    locks: Locks = Locks(),
    poll: Callable[[], None] = lambda: None,
) -> Schedule:
    """The computed steps with the highest mean of predicted PSNR over recordings of as many steps.

    `poll` is called before each prediction and may raise to break off. A ValueError says what does not fit.
    """
    if not predictors:
        raise ValueError("a search needs at least one recording")
    steps = predictors[0].recording.steps
    if others := {p.recording.steps for p in predictors} - {steps}:
        raise ValueError(f"a search needs recordings of as many steps, got {steps} and {sorted(others)[0]}")
    locks.check(steps, budget)
    known: dict[Schedule, float] = {}

    def value(schedule: Schedule) -> float:
        if schedule not in known:
            poll()
            known[schedule] = sum(float(p.db([schedule], reuse)[0]) for p in predictors) / len(predictors)
        return known[schedule]

    starts = {with_locks(spaced(steps, budget, power), steps, locks) for power in POWERS}
    return max((_climbed(start, steps, locks, value) for start in sorted(starts)), key=value)


def with_locks(schedule: Schedule, steps: int, locks: Locks) -> Schedule:
    """The schedule as close to a given one as the locks allow, with as many computed steps."""
    chosen = (set(schedule) | locks.computed | {1}) - locks.reused
    while len(chosen) > len(schedule):
        ordered = (*sorted(chosen), steps + 1)
        gaps = {at: after - before for before, at, after in zip(ordered, ordered[1:], ordered[2:], strict=False)}
        chosen.remove(min((at for at in gaps if locks.free(at)), key=lambda at: (gaps[at], at)))
    while len(chosen) < len(schedule):
        missing = [step for step in range(2, steps + 1) if locks.free(step) and step not in chosen]
        chosen.add(max(missing, key=lambda step: (step - max(at for at in chosen if at < step), -step)))
    return tuple(sorted(chosen))


def _climbed(start: Schedule, steps: int, locks: Locks, value: Callable[[Schedule], float]) -> Schedule:
    """Slide while that helps, then move one step anywhere, until neither helps."""
    best = start
    while True:
        for moves in (_slides, _moves):
            better = max(moves(best, steps, locks), key=value, default=best)
            if value(better) > value(best):
                best = better
                break
        else:
            return best


def _slides(schedule: Schedule, steps: int, locks: Locks) -> Iterator[Schedule]:
    """Each computed step at every place between its neighbours."""
    bounds = (*schedule, steps + 1)
    for index, (before, after) in enumerate(zip(bounds, bounds[2:], strict=False), start=1):
        if locks.free(schedule[index]):
            for step in range(before + 1, after):
                if step != schedule[index] and locks.free(step):
                    yield (*schedule[:index], step, *schedule[index + 1 :])


def _moves(schedule: Schedule, steps: int, locks: Locks) -> Iterator[Schedule]:
    """Each computed step at every place that is not computed."""
    places = [step for step in range(2, steps + 1) if step not in schedule and locks.free(step)]
    for moved in schedule:
        if locks.free(moved):
            kept = [step for step in schedule if step != moved]
            yield from (tuple(sorted((*kept, place))) for place in places)
