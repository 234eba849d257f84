"""Disk space for runs where strangers share a server: which runs make room for a new one, and when there is none.

A visitor's own runs give way first, in the order in which they came to this server, whatever date they claim.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from app.runs.run import ABOUT, SUMMARY

Taken = tuple[int, int]  # runs, bytes


@dataclass(frozen=True)
class Share:
    """How many runs and bytes one visitor, or all of them, may have."""

    runs: int
    bytes: int

    def holds(self, taken: Taken) -> bool:
        """Whether so much fits."""
        return taken[0] <= self.runs and taken[1] <= self.bytes


@dataclass(frozen=True)
class Held:
    """A folder that takes room: whose it is, when it came, its bytes, and whether it was deleted a while ago."""

    folder: Path
    visitor: str
    arrived: int  # nanoseconds
    bytes: int
    deleted: bool = False


def measure(folder: Path, visitor: str, deleted: bool = False) -> Held:
    """What a run's folder takes; one that vanishes meanwhile takes nothing."""
    arrived, size = 0, 0
    try:
        for entry in os.scandir(folder):
            stat = entry.stat(follow_symlinks=False)
            size += stat.st_size
            if entry.name == ABOUT or (entry.name == SUMMARY and not arrived):
                arrived = stat.st_mtime_ns
    except OSError:
        pass
    return Held(folder, visitor, arrived, size, deleted)


def taken(held: Iterable[Held]) -> Taken:
    """What several take together."""
    sizes = [one.bytes for one in held]
    return len(sizes), sum(sizes)


def giving_way(
    held: list[Held], own: Share, everybody: Share, new: Held | None = None, only_own: bool = False
) -> list[Held] | None:
    """Which of those held must go for all shares to be kept to, `new` among those held; it stays itself.

    None where that cannot be: `only_own` is for imports, which take no room from other visitors, since a stranger
    could push out everybody with them. What was generated here took its time, and may: whoever holds most gives.
    """
    shares: dict[str, list[Held]] = {}
    for one in sorted(held, key=lambda one: (one is new, not one.deleted, one.arrived)):  # the first goes first
        shares.setdefault(one.visitor, []).append(one)
    gone = []
    for share in shares.values():
        while len(share) > 1 and not own.holds(taken(share)):
            gone.append(share.pop(0))
    while not everybody.holds(taken(one for share in shares.values() for one in share)):
        theirs = [share for share in shares.values() if share[0] is not new]
        ours = [share for share in theirs if new is not None and share[0].visitor == new.visitor]
        if not (ours or theirs) or (only_own and not ours):
            return None
        share = max(ours or theirs, key=lambda share: taken(share)[1])
        gone.append(share.pop(0))
        shares = {visitor: share for visitor, share in shares.items() if share}
    return gone
