"""Turns at questions that take seconds: all who ask have equal shares, nobody works for a browser that left.

One question is worked on at a time, a slice each in turn, so that a short one never waits for a long one to end.
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from threading import Condition, Event
from time import monotonic

SLICE_SECONDS = 0.05
POLL_SECONDS = 0.2
MAX_WAITING, MAX_OF_ONE = 12, 2  # questions at once: each holds a thread of the server
BUSY = "many questions are being worked out at the moment; try again in a while"
Poll = Callable[[], None]  # called often while working; raises when nobody waits any more

asker_gone: ContextVar[Event | None] = ContextVar("asker_gone", default=None)  # set by the guard of the web server


class NobodyWaits(ValueError):
    """The browser that asked has left."""


@dataclass(eq=False)
class Turns:
    """Questions in the order of their turns; the first one works."""

    queue: deque[tuple[str, object]] = field(default_factory=deque)
    changed: Condition = field(default_factory=Condition)

    @contextmanager
    def turn(self, visitor: str) -> Iterator[Poll]:
        """Work on a question while the block runs; a ValueError if there are too many already."""
        mine, gone = (visitor, object()), asker_gone.get()
        with self.changed:
            own = sum(asker == visitor for asker, _ in self.queue)
            if len(self.queue) >= MAX_WAITING or (visitor and own >= MAX_OF_ONE):
                raise ValueError(BUSY)
            self.queue.append(mine)
        try:
            began = self._wait(mine, gone)

            def poll() -> None:
                nonlocal began
                if gone is not None and gone.is_set():
                    raise NobodyWaits("nobody waits for this answer")
                if monotonic() - began < SLICE_SECONDS:
                    return
                with self.changed:
                    self.queue.rotate(-1)  # to the end: the next one's turn
                    self.changed.notify_all()
                began = self._wait(mine, gone)

            yield poll
        finally:
            with self.changed:
                self.queue.remove(mine)
                self.changed.notify_all()

    def _wait(self, mine: tuple[str, object], gone: Event | None) -> float:
        with self.changed:
            while self.queue[0] is not mine:
                if gone is not None and gone.is_set():
                    raise NobodyWaits("nobody waits for this answer")
                self.changed.wait(POLL_SECONDS)
        return monotonic()
