"""JobRunner: makes the runs that visitors ask for, one at a time, each in a worker thread and its own folder.

A run belongs to its visitor and goes on whoever looks at it. Whatever ends it, the device is handed on only after
the worker has really left it, and a run without a result leaves no folder behind.
"""

import logging
import math
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from functools import partial
from shutil import rmtree
from threading import Lock, Thread
from time import monotonic

from app.common.sentences import disk_trouble
from app.generation.clip import check_clip
from app.generation.events import Compared, Failed, Stopped
from app.generation.images import check_image
from app.generation.request import Request
from app.generation.trace import SIDES, Side, Trace
from app.jobs.calibration import Calibrated
from app.jobs.limits import Limits
from app.jobs.progress import Pace, Progress
from app.jobs.queue import JobQueue, Place
from app.jobs.ticket import POLL_SECONDS, JobEvent, Room, RunKept, Stopping, Ticket, Waiting
from app.jobs.zerogpu import Job, generate_pair
from app.lab.session import Recorded
from app.models.base import VideoModel
from app.runs.store import RunStore, about_now

KEPT = 64  # tickets whose run is over, of all visitors
WHOLE = 4  # of those, the latest, whose events are kept for whoever still reads them
ELSEWHERE: tuple[Room, ...] = ("lab", "compare", "calibration")  # what shows its runs itself
NOBODY = "nobody came back to it for {minutes:.0f} minutes"
log = logging.getLogger(__name__)


@dataclass
class JobRunner:
    """Makes runs and remembers, for a while, how they ended."""

    store: RunStore
    load: Callable[[str], VideoModel]
    limits: Limits = field(default_factory=Limits)
    clock: Callable[[], float] = monotonic
    pace: Pace = field(default_factory=Pace)
    over: deque[Ticket] = field(default_factory=lambda: deque(maxlen=KEPT))
    seen: dict[str, float] = field(default_factory=dict)  # when a visitor with runs was last there
    lock: Lock = field(default_factory=Lock)
    queue: JobQueue = field(init=False)

    def __post_init__(self) -> None:
        self.queue = JobQueue(self.limits)

    def submit(
        self,
        visitor: str,
        request: Request,
        job: Job = generate_pair,
        *,
        reuse: bool = False,
        room: Room = "studio",
        address: str = "",
        sides: tuple[Side, ...] = SIDES,
    ) -> Ticket:
        """Make a run as soon as the device is free; a ValueError says why not.

        What one visitor already has going or waiting is not made twice: its ticket is given.
        """
        self.limits.check(request)
        check_image(request)
        self.store.images(request)
        check_clip(request, self.store.clip(request, visitor))
        with self.lock:
            self.seen[visitor] = self.clock()
            for ticket in self.queue.of(visitor):
                same = (ticket.request, ticket.job, ticket.room) == (request, job, room)
                if same and not ticket.stop.is_set():
                    return ticket
            ticket = Ticket(visitor, request, job, reuse, room, address, progress=Progress(sides))
            self.queue.join(ticket)
        self._start_next()
        return ticket

    def tickets(self, visitor: str) -> list[Ticket]:
        """A visitor's runs: those that are over, oldest first, then the one that goes, then those that wait."""
        self.visit(visitor)
        return [*(ticket for ticket in list(self.over) if ticket.visitor == visitor), *self.queue.of(visitor)]

    def unread(self, visitor: str) -> Ticket | None:
        """The visitor's latest run that is over and whose end nobody has seen; None without one."""
        ended = [ticket for ticket in self.tickets(visitor) if ticket.over and ticket.room not in ELSEWHERE]
        return ended[-1] if ended and not ended[-1].read else None

    def find(self, ticket_id: object, visitor: str) -> Ticket:
        """A visitor's ticket by its id; a ValueError if there is none."""
        for ticket in self.tickets(visitor):
            if ticket.id == ticket_id:
                return ticket
        raise ValueError("this run is not in the queue")

    def visit(self, visitor: str) -> None:
        """Note that a visitor is there: their runs go on."""
        with self.lock:
            self.seen[visitor] = self.clock()

    def stop(self, ticket: Ticket) -> None:
        """End a run: at once while it waits, inside its step while it goes."""
        with self.queue.lock:
            if waited := ticket in self.queue.waiting:
                self.queue.leave(ticket)
        ticket.stop.set()
        if waited:
            ticket.read = True
            self._end(ticket, Stopped(Trace(ticket.request, {})))
        else:
            ticket.tell(Stopping())

    def events(self, ticket: Ticket, still: Callable[[], bool] = lambda: True) -> Generator[list[JobEvent]]:
        """What happens to a run from its first event on, after its place in the queue whenever that changes.

        Its visitor is there as long as this is read. Closing it changes nothing about the run; it ends with the
        run, or when `still` says no.
        """

        def here() -> bool:
            self.visit(ticket.visitor)
            return still()

        told = None
        while ticket.state == "waiting" and here():
            place = self.place(ticket)
            waiting = Waiting(place.ahead, None if place.seconds is None else math.ceil(place.seconds))
            if waiting.ahead and waiting != told:
                yield [waiting]
                told = waiting
            with ticket.changed:
                ticket.changed.wait_for(lambda: ticket.state != "waiting", POLL_SECONDS)
        yield from ticket.follow(here)

    def places(self) -> dict[str, Place]:
        """Where every run stands that waits, by its ticket's id."""
        with self.queue.lock:
            running, order = self.queue.running, self.queue.order()
        found: dict[str, Place] = {}
        place = Place()
        for ticket in [*([running] if running else []), *order]:
            found[ticket.id] = place
            left = ticket.progress.seconds_left
            needed = self.pace.seconds_of(ticket.request) if left is None else left
            known = place.seconds is not None and needed is not None
            place = Place(place.ahead + 1, place.seconds + needed if known else None)  # type: ignore[operator]
        return found

    def place(self, ticket: Ticket) -> Place:
        """Where one run stands; first where it does not wait."""
        return self.places().get(ticket.id, Place())

    def _start_next(self) -> None:
        while (ticket := self.queue.start()) is not None:
            if not self._abandoned(ticket):
                ticket.begin()
                # In the context of the request, as ZeroGPU finds there whose quota to count.
                Thread(target=ticket.context.run, args=(self._work, ticket), daemon=True).start()
                return
            self.queue.leave(ticket)
            self._end(ticket, Stopped(Trace(ticket.request, {})))

    def _work(self, ticket: Ticket) -> None:
        end: JobEvent = Stopped(Trace(ticket.request, {}))
        making = None
        try:
            making = self.store.begin(ticket.request.key())
            job = ticket.job
            if ticket.reuse:
                job = partial(job, kept=lambda request: self.store.baseline(request, ticket.visitor))
            if images := self.store.images(ticket.request):
                job = partial(job, images=images)
            if (clip := self.store.clip(ticket.request, ticket.visitor)) is not None:
                job = partial(job, clip=clip)
            for event in job(ticket.request, making, stop=ticket.stop, previews=True, load=self.load):
                if _ends(event):
                    end = self._without_path(event)
                else:
                    ticket.tell(event)
                    self.pace.learn(ticket.request, ticket.progress)
                if self._abandoned(ticket):
                    ticket.stop.set()
            if isinstance(end, Compared):
                ticket.tell(RunKept(self.store.keep(making, about_now(ticket.visitor))))
        except OSError as error:
            log.warning("cannot write into %s: %s", self.store.folder, error.strerror)
            end = Failed(disk_trouble(error))
        except ValueError as error:  # of keeping what was made, or an image that is gone
            end = Failed(str(error))
        except Exception:
            log.exception("run broke off")
            end = Failed("this run broke off on an internal error; the server's log has the details")
        finally:
            if making is not None:
                rmtree(making, ignore_errors=True)  # a whole run has left it
            self.queue.leave(ticket)
            self._end(ticket, end)
            self._start_next()

    def _without_path(self, event: JobEvent) -> JobEvent:
        """A failure without the place of the runs, of which visitors are not told."""
        if isinstance(event, Failed) and str(self.store.folder) in event.message:
            log.warning("%s", event.message)
            return Failed(event.message.partition(f": {self.store.folder}")[0])
        return event

    def _end(self, ticket: Ticket, event: JobEvent) -> None:
        self.over.append(ticket)
        ticket.tell(event)
        for earlier in list(self.over)[:-WHOLE]:
            earlier.forget()
        with self.lock:
            if not self.queue.of(ticket.visitor):
                self.seen.pop(ticket.visitor, None)

    def _abandoned(self, ticket: Ticket) -> bool:
        """Whether its visitor has been away for too long; the ticket then says so."""
        with self.lock:
            seen = self.seen.setdefault(ticket.visitor, self.clock())
        if self.clock() - seen <= self.limits.abandoned_seconds:
            return False
        ticket.reason = NOBODY.format(minutes=self.limits.abandoned_seconds / 60)
        return True


def _ends(event: object) -> bool:
    return isinstance(event, Compared | Recorded | Calibrated | Stopped | Failed)
