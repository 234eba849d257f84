"""JobRunner: makes the runs that the page asks for, one at a time, each in a worker thread and its own folder.

A run belongs to the session that started it. Whatever ends it, the device is handed on only after the worker
has really left it, and a run without a result leaves no folder behind.
"""

import logging
from collections.abc import Callable, Generator
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, field
from queue import Empty, Queue
from shutil import rmtree
from threading import Event as Flag
from threading import Lock, Thread
from time import monotonic

from app.common.sentences import disk_trouble, sentence
from app.generation.events import Compared, Event, Failed, Stopped
from app.generation.request import Request
from app.generation.trace import Trace
from app.jobs.limits import Limits, owner, tab_of
from app.jobs.queue import MAX_WAITING, JobQueue, Ticket
from app.jobs.zerogpu import Job, generate_pair
from app.lab.session import Recorded
from app.models.base import VideoModel
from app.runs.run import Run
from app.runs.store import RunStore, about_now

POLL_SECONDS = 0.2
UPDATE_SECONDS = 0.5  # the browser draws on the cores that denoise: steps faster than this are shown together
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Waiting:
    """Other visitors come first; `ahead` is how many."""

    ahead: int


@dataclass(frozen=True)
class Refused:
    """This run does not start, and the one that goes on is left alone."""

    message: str


@dataclass(frozen=True)
class Stopping:
    """Stop was asked for; the current step is being left."""


@dataclass(frozen=True)
class RunKept:
    """The run is whole on disk; what was measured on it follows."""

    run: Run


JobEvent = Event | Recorded | RunKept | Waiting | Refused | Stopping


@dataclass
class JobRunner:
    """Makes runs, at most one per session, and hands their events to the page."""

    store: RunStore
    load: Callable[[str], VideoModel]
    queue: JobQueue = field(default_factory=JobQueue)
    tickets: dict[str, Ticket] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)
    limits: Limits = field(default_factory=Limits)

    def stop(self, session: str) -> None:
        """Ask the session's run to end; without one, nothing happens."""
        with self.lock:
            ticket = next((ticket for key, ticket in self.tickets.items() if tab_of(key) == tab_of(session)), None)
        if ticket is not None:
            self.queue.stop(ticket)

    def going(self, session: str) -> bool:
        """Whether this session's run goes on or waits."""
        with self.lock:
            return tab_of(session) in map(tab_of, self.tickets)

    def events(
        self, session: str, request: Request, job: Job = generate_pair, visitor: str = ""
    ) -> Generator[list[JobEvent]]:
        """Run when the device is free, and tell what happened since the last time; at least one thing each time.

        The run is kept as that visitor's.
        A listener slower than the run is told several things at once. Closing this iterator stops the run.
        """
        try:
            self.limits.check(request)
        except ValueError as error:
            yield [Refused(sentence(error))]
            return
        ticket = Ticket()
        with self.lock:
            taken = owner(session) in map(owner, self.tickets) or tab_of(session) in map(tab_of, self.tickets)
            if not taken:
                self.tickets[session] = ticket
        if taken:
            where = "from this address or browser" if self.limits.one_run_per_address else "in this tab"
            yield [Refused(f"A run is already going {where}; stop it before starting another.")]
            return
        try:
            yield from self._wait_and_run(request, ticket, job, visitor)
        finally:
            self.queue.stop(ticket)
            with self.lock:
                del self.tickets[session]

    def _wait_and_run(self, request: Request, ticket: Ticket, job: Job, visitor: str) -> Generator[list[JobEvent]]:
        if not self.queue.join(ticket):
            yield [Failed(f"{MAX_WAITING} runs are waiting already; try again in a while")]
            return
        told = 0
        while ahead := self.queue.ahead(ticket):
            if ahead != told:
                yield [Waiting(ahead)]
                told = ahead
            ticket.stop.wait(POLL_SECONDS)
        if not self.queue.start(ticket):
            yield [Stopped(Trace(request, {}))]
            return
        events: Queue[JobEvent] = Queue()
        # In this context, as ZeroGPU finds there whose quota to count.
        arguments = self._work, ticket, request, job, visitor, events
        Thread(target=copy_context().run, args=arguments, daemon=True).start()
        yield from follow(events, ticket.stop)

    def _without_path(self, event: Event | Recorded) -> Event | Recorded:
        """A failure without the place of the runs, of which visitors are not told."""
        if isinstance(event, Failed) and str(self.store.folder) in event.message:
            log.warning("%s", event.message)
            return Failed(event.message.partition(f": {self.store.folder}")[0])
        return event

    def _work(self, ticket: Ticket, request: Request, job: Job, visitor: str, events: Queue[JobEvent]) -> None:
        last: Event | Recorded = Stopped(Trace(request, {}))
        making = None
        try:
            making = self.store.begin(request.key())
            for event in job(request, making, stop=ticket.stop, previews=True, load=self.load):
                last = self._without_path(event)
                if not _ends(event):
                    events.put(event)
            if isinstance(last, Compared):
                events.put(RunKept(self.store.keep(making, about_now(visitor))))
        except OSError as error:
            log.warning("cannot write into %s: %s", self.store.folder, error.strerror)
            last = Failed(disk_trouble(error))
        except ValueError as error:  # of keeping what was made
            last = Failed(str(error))
        except Exception:
            log.exception("run broke off")
            last = Failed("this run broke off on an internal error; the server's log has the details")
        finally:
            if making is not None:
                rmtree(making, ignore_errors=True)  # a whole run has left it
            self.queue.leave(ticket)
            events.put(last)


def follow(events: Queue[JobEvent], stop: Flag) -> Generator[list[JobEvent]]:
    """Events in batches, one an UPDATE_SECONDS; what ends a run ends the wait as well. A set `stop` is told."""
    told, due = False, 0.0
    while True:
        if stop.is_set() and not told:
            yield [Stopping()]
            told = True
        try:
            batch = [events.get(timeout=POLL_SECONDS)]
        except Empty:
            continue
        while not _ends(batch[-1]) and monotonic() < due and (told or not stop.is_set()):
            with suppress(Empty):
                batch.append(events.get(timeout=min(POLL_SECONDS, max(0.0, due - monotonic()))))
        due = monotonic() + UPDATE_SECONDS
        batch += [events.get_nowait() for _ in range(events.qsize())]
        yield batch
        if _ends(batch[-1]):
            return


def _ends(event: JobEvent) -> bool:
    return isinstance(event, Compared | Recorded | Stopped | Failed)
