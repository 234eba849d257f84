"""JobQueue: visitors before one device: first come, first served, with a place to tell the others."""

from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event as Flag
from threading import Lock

MAX_WAITING = 8


@dataclass(eq=False)
class Ticket:
    """One run's place in the queue; `started` once its worker has the device."""

    stop: Flag = field(default_factory=Flag)
    started: bool = False


@dataclass
class JobQueue:
    """Who runs now and who waits, in the order of arrival."""

    tickets: list[Ticket] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def join(self, ticket: Ticket) -> bool:
        """Take a place; False when the queue is full."""
        with self.lock:
            if len(self.tickets) > MAX_WAITING:
                return False
            self.tickets.append(ticket)
            return True

    def ahead(self, ticket: Ticket) -> int:
        """How many come first; 0 means it is this one's ticket."""
        with self.lock:
            return self.tickets.index(ticket) if ticket in self.tickets else 0

    def start(self, ticket: Ticket) -> bool:
        """Go to the device; False when the run was stopped before that."""
        with self.lock:
            ticket.started = not ticket.stop.is_set()
            return ticket.started

    def stop(self, ticket: Ticket) -> None:
        """End a run; one that only waits leaves at once, even if nobody listens to it any more."""
        with self.lock:
            ticket.stop.set()
            if not ticket.started:
                self._remove(ticket)

    def leave(self, ticket: Ticket) -> None:
        """Hand the device on."""
        with self.lock:
            self._remove(ticket)

    def _remove(self, ticket: Ticket) -> None:
        with suppress(ValueError):
            self.tickets.remove(ticket)
