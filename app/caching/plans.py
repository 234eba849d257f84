"""Plans of a run: which branches each step computed, from a method's schedule or from the records it left.

FLOP counts and the strips of the page read the same plans.
"""

from collections.abc import Sequence

from app.caching.branches import all_branches
from app.caching.method import Method
from app.caching.policy import NoCache, Plan, RunShape, executed
from app.caching.record import StepRecord
from app.caching.registry import build_policy, kind_of
from app.caching.schedule import Scheduled


def decides_while_running(method: Method | None) -> bool:
    """Whether a method's plans need the records of a run."""
    return method is not None and not isinstance(build_policy(method), Scheduled | NoCache)


def static_plans(method: Method | None, run: RunShape) -> tuple[Plan, ...]:
    """What each step computes, for a method that decides from the schedule; a ValueError for others."""
    policy = NoCache() if method is None else build_policy(method)
    if method is not None and decides_while_running(method):
        raise ValueError(f"{kind_of(method).title} decides while it runs; its FLOPs need the records of a run")
    policy.start(run)
    return tuple(executed(policy.plan(step), policy, run) for step in range(1, run.steps + 1))


def recorded_plans(records: Sequence[StepRecord], run: RunShape) -> tuple[Plan, ...]:
    """What each step of a run computed; a part of the branches is only ever the first block."""
    if len(records) != run.steps:
        raise ValueError(f"the records are of {len(records)} steps, the run has {run.steps}")
    first_block = frozenset(all_branches(1, run.layout))

    def plan(record: StepRecord) -> Plan:
        if isinstance(record.computed, str):
            return record.computed
        if record.computed != len(first_block):
            raise ValueError(f"step {record.step} computed {record.computed} branches, which ones is not recorded")
        return first_block

    return tuple(plan(record) for record in records)
