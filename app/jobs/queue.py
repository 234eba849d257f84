"""The line of visitors before one device: first come, first served, with a place to tell the others."""

from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event as Flag
from threading import Lock

MAX_WAITING = 8


@dataclass(eq=False)
class Ticket:
    """One run's place in the line; `started` once its worker has the device."""

    stop: Flag = field(default_factory=Flag)
    started: bool = False


@dataclass
class JobQueue:
    """Who runs now and who waits, in the order of arrival."""

    turns: list[Ticket] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def join(self, turn: Ticket) -> bool:
        """Take a place; False when the line is full."""
        with self.lock:
            if len(self.turns) > MAX_WAITING:
                return False
            self.turns.append(turn)
            return True

    def ahead(self, turn: Ticket) -> int:
        """How many come first; 0 means it is this one's turn."""
        with self.lock:
            return self.turns.index(turn) if turn in self.turns else 0

    def start(self, turn: Ticket) -> bool:
        """Go to the device; False when the run was stopped before that."""
        with self.lock:
            turn.started = not turn.stop.is_set()
            return turn.started

    def stop(self, turn: Ticket) -> None:
        """End a run; one that only waits leaves at once, even if nobody listens to it any more."""
        with self.lock:
            turn.stop.set()
            if not turn.started:
                self._remove(turn)

    def leave(self, turn: Ticket) -> None:
        """Hand the device on."""
        with self.lock:
            self._remove(turn)

    def _remove(self, turn: Ticket) -> None:
        with suppress(ValueError):
            self.turns.remove(turn)
