"""Rows, windows and curves: how a method divides a run, so that a person sees what it does and by what it decides.

Every method's settings answer with them; the page draws them without knowing the method.
"""

from dataclasses import dataclass
from typing import Literal

from app.caching.branches import Branch, Kind, Part
from app.caching.policy import RunShape

Measured = Literal["distance", "normalised", "regularised"]  # of a Decision
MAX_NAME = 12  # characters that the margin beside a strip has room for


@dataclass(frozen=True)
class BranchRow:
    """Branches that a method treats alike. name: beside their strip; about: which they are, in words."""

    name: str
    about: str
    branches: frozenset[Branch]

    def __post_init__(self) -> None:
        if not 1 <= len(self.name) <= MAX_NAME:
            raise ValueError(f"the name of a row has 1 to {MAX_NAME} characters, got {self.name!r}")
        if not self.branches:
            raise ValueError(f"the row {self.name!r} has no branches; leave it out")


@dataclass(frozen=True)
class Window:
    """Steps in which a rule holds: first and last, from 1, both included. rows: which ones it is about."""

    about: str
    steps: tuple[int, int]
    rows: tuple[str, ...]

    def __post_init__(self) -> None:
        if not 1 <= self.steps[0] <= self.steps[1]:
            raise ValueError(f"a window has a first and a last step from 1 on, got {self.steps}")


@dataclass(frozen=True)
class Curve:
    """A number of every step's decision, and what the method takes it for."""

    measured: Measured
    about: str


def whole_rows(run: RunShape) -> tuple[BranchRow, ...]:
    """One row: all branches are computed together."""
    return (BranchRow("all blocks", f"all {_count(len(run.branches))}", frozenset(run.branches)),)


def probe_rows(run: RunShape) -> tuple[BranchRow, ...]:
    """The first block, which is computed in every step, and the others."""
    return block_rows(run, (1,)) if run.depth > 1 else whole_rows(run)


def block_rows(run: RunShape, cuts: tuple[int, ...]) -> tuple[BranchRow, ...]:
    """The stack cut before each block of `cuts`, in order."""
    starts = [0, *(cut for cut in sorted(set(cuts)) if 0 < cut < run.depth)]
    rows = []
    for first, stop in zip(starts, [*starts[1:], run.depth], strict=True):
        branches = frozenset(branch for branch in run.branches if first <= branch.block < stop)
        blocks = f"block {first}" if stop == first + 1 else f"blocks {first}–{stop - 1}"
        rows.append(BranchRow(blocks, f"{blocks}: {_count(len(branches))}", branches))
    return tuple(rows)


def kind_row(
    run: RunShape,
    name: str,
    about: str,
    kinds: tuple[Kind, ...],
    parts: tuple[Part, ...] = ("spatial", "temporal", "joint"),
    blocks: range | tuple[int, ...] | None = None,
) -> tuple[BranchRow, ...]:
    """The branches of some kinds, parts and blocks as a row; none where the model has none of them."""
    found = frozenset(
        branch
        for branch in run.branches
        if branch.kind in kinds and branch.part in parts and (blocks is None or branch.block in blocks)
    )
    return (BranchRow(name, f"{about}: {_count(len(found))}", found),) if found else ()


def _count(branches: int) -> str:
    return "1 branch" if branches == 1 else f"{branches} branches"
