"""Strips of a run: for every row of a method, the share of its branches that each step computed.

What the page shows as computed is their sum, so that a figure and the strip beside it cannot disagree.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from app.caching.branches import Branch
from app.caching.method import Method
from app.caching.plans import decides_while_running, recorded_plans, static_plans
from app.caching.policy import Plan, RunShape
from app.caching.record import StepRecord
from app.caching.rows import BranchRow, Window, whole_rows

UNKNOWN = "Which branches a step computed is not recorded and is not what this method's schedule says."


@dataclass(frozen=True)
class Strip:
    """One row over the steps so far. computed: of its branches, a share a step, from 0 to 1."""

    row: BranchRow
    computed: tuple[float, ...]


@dataclass(frozen=True)
class Strips:
    """All rows of a run, and the windows of its method. note: what is not known of them."""

    strips: tuple[Strip, ...]
    windows: tuple[Window, ...]
    note: str = ""

    @property
    def in_part(self) -> bool:
        """Whether some step computed some of the branches and reused the others."""
        steps = zip(*(strip.computed for strip in self.strips), strict=True)
        return any(0 < share < 1 or share != row[0] for row in steps for share in row)

    @property
    def steps(self) -> tuple[float, ...]:
        """The share of all branches that each step computed."""
        whole = sum(len(strip.row.branches) for strip in self.strips)
        weighted = ([len(strip.row.branches) * share for share in strip.computed] for strip in self.strips)
        return tuple(sum(step) / whole for step in zip(*weighted, strict=True))

    def share(self, steps: int) -> float:
        """The branches computed, of those of `steps` whole ones."""
        return sum(self.steps) / steps if steps else 0.0

    def to_json(self) -> dict[str, Any]:
        """As the page draws them."""
        return {
            "rows": [
                {
                    "name": strip.row.name,
                    "about": strip.row.about,
                    "branches": len(strip.row.branches),
                    "computed": list(strip.computed),
                }
                for strip in self.strips
            ],
            "windows": [
                {"about": window.about, "steps": list(window.steps), "rows": list(window.rows)}
                for window in self.windows
            ],
            "note": self.note,
        }


def strips_of(method: Method, run: RunShape, records: Sequence[StepRecord]) -> Strips:
    """The strips of a run so far; one row of shares where the records are not those of the method's plans."""
    rows = method.rows(run)
    _check_rows(rows, run)
    try:
        plans = _plans(method, run, records)
    except ValueError:
        whole = len(run.branches)
        (row,) = whole_rows(run)
        shares = (_counted(record, whole) / whole for record in records)
        return Strips((Strip(row, tuple(shares)),), (), UNKNOWN)
    strips = tuple(Strip(row, tuple(_share(plan, row.branches) for plan in plans)) for row in rows)
    return Strips(strips, method.windows(run))


def _plans(method: Method, run: RunShape, records: Sequence[StepRecord]) -> tuple[Plan, ...]:
    """What each recorded step computed; a ValueError where that is not what the method's schedule says."""
    if decides_while_running(method):
        so_far = replace(run, timesteps=run.timesteps[: len(records)]) if records else run
        return recorded_plans(records, so_far) if records else ()
    plans = _static_plans(method, run)[: len(records)]
    whole = len(run.branches)
    for plan, record in zip(plans, records, strict=True):
        planned = {"all": whole, "none": 0}[plan] if isinstance(plan, str) else len(plan)
        if planned != _counted(record, whole):
            raise ValueError(f"step {record.step} computed {record.computed} branches, its plan has {planned}")
    return plans


@lru_cache(maxsize=16)
def _static_plans(method: Method, run: RunShape) -> tuple[Plan, ...]:
    return static_plans(method, run)


def _counted(record: StepRecord, whole: int) -> int:
    return {"all": whole, "none": 0}[record.computed] if isinstance(record.computed, str) else record.computed


def _share(plan: Plan, branches: frozenset[Branch]) -> float:
    if isinstance(plan, str):
        return float(plan == "all")
    return len(plan & branches) / len(branches)


def _check_rows(rows: Sequence[BranchRow], run: RunShape) -> None:
    """A method's rows are to hold each branch once; otherwise its file is wrong, not its user."""
    assert sum(len(row.branches) for row in rows) == len(run.branches), "rows hold each branch once"
    assert frozenset(run.branches) == frozenset().union(*(row.branches for row in rows)), "rows hold every branch"
    assert len({row.name for row in rows}) == len(rows), "rows have names of their own"
