"""JobQueue: the runs before one device. Visitors take turns, each with their own runs in the order they want.

One visitor with many runs so never keeps another out for longer than one run.
"""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from threading import RLock

from app.jobs.limits import Limits
from app.jobs.ticket import Ticket


@dataclass(frozen=True)
class Place:
    """How many runs come before one, and the seconds they take; None where the pace of one is not known."""

    ahead: int = 0
    seconds: float | None = 0.0


@dataclass
class JobQueue:
    """Which run has the device and which wait."""

    limits: Limits = field(default_factory=Limits)
    running: Ticket | None = None
    waiting: list[Ticket] = field(default_factory=list)  # each visitor's in their own order
    lock: RLock = field(default_factory=RLock)

    def join(self, ticket: Ticket) -> None:
        """Take a place; a ValueError says that too many wait."""
        with self.lock:
            own = sum(_same_person(ticket, other) for other in self.waiting)
            if own >= self.limits.waiting:
                raise ValueError(f"{own} of your runs are waiting already; cancel one or wait for it")
            if len(self.waiting) >= self.limits.all_waiting:
                raise ValueError(f"{len(self.waiting)} runs are waiting already; try again in a while")
            self.waiting.append(ticket)

    def start(self) -> Ticket | None:
        """Give a free device to the first that waits; None where it is not free or nobody waits."""
        with self.lock:
            if self.running is not None or not (order := self.order()):
                return None
            self.running = order[0]
            self.waiting.remove(order[0])
            return self.running

    def leave(self, ticket: Ticket) -> None:
        """Hand the device back, or give up a place."""
        with self.lock:
            if self.running is ticket:
                self.running = None
            with suppress(ValueError):
                self.waiting.remove(ticket)

    def order(self) -> list[Ticket]:
        """Those that wait, in the order they will run: first the first run of every visitor, then the second."""
        with self.lock:
            turns = Counter([self.running.visitor] if self.running else [])
            keyed = []
            for arrival, ticket in enumerate(self.waiting):
                keyed.append((turns[ticket.visitor], arrival))
                turns[ticket.visitor] += 1
            return [self.waiting[arrival] for _, arrival in sorted(keyed)]

    def of(self, visitor: str) -> list[Ticket]:
        """A visitor's runs that go or wait, in their order."""
        with self.lock:
            return [ticket for ticket in (self.running, *self.waiting) if ticket and ticket.visitor == visitor]

    def move(self, ticket: Ticket, places: int) -> None:
        """Let a run that waits come so many places later, or earlier, among its visitor's own."""
        with self.lock:
            slots = [at for at, other in enumerate(self.waiting) if other.visitor == ticket.visitor]
            own = [self.waiting[at] for at in slots]
            if ticket not in own:
                return
            at = own.index(ticket)
            own.insert(min(max(at + places, 0), len(own) - 1), own.pop(at))
            for slot, other in zip(slots, own, strict=True):
                self.waiting[slot] = other


def _same_person(one: Ticket, other: Ticket) -> bool:
    """Whether both were asked for by one visitor, or by several that one address gave itself out as."""
    return one.visitor == other.visitor or (one.address != "" and one.address == other.address)
