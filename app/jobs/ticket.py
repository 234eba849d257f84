"""Ticket: one run that a visitor asked for, from its place in the queue to its end, with all that happened to it.

Events are kept from the first on, so that a page which is opened in mid-run finds the whole run.
"""

from collections.abc import Callable, Generator
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from threading import Condition
from threading import Event as Flag
from time import monotonic
from typing import Literal
from uuid import uuid4

from app.generation.events import Compared, Event, Failed, Stopped
from app.generation.request import Request
from app.jobs.calibration import BaselineStep, Calibrated
from app.jobs.progress import Progress
from app.jobs.zerogpu import Job, generate_pair
from app.lab.session import Recorded
from app.runs.run import Run

POLL_SECONDS = 0.2
UPDATE_SECONDS = 0.5  # the browser draws on the cores that denoise: steps faster than this are shown together

State = Literal["waiting", "running", "done", "stopped", "failed"]
Room = Literal["studio", "lab", "compare", "api", "calibration"]


@dataclass(frozen=True)
class Waiting:
    """Other runs come first; `ahead` is how many, and `seconds` how long they take, if that is known."""

    ahead: int
    seconds: int | None


@dataclass(frozen=True)
class Stopping:
    """Stop was asked for; the current step is being left."""


@dataclass(frozen=True)
class RunKept:
    """The run is whole on disk; what was measured on it follows."""

    run: Run


JobEvent = Event | Recorded | BaselineStep | Calibrated | RunKept | Waiting | Stopping


@dataclass(eq=False)
class Ticket:
    """One run: what it is, whose, and what has happened to it."""

    visitor: str
    request: Request
    job: Job = generate_pair
    reuse: bool = False  # take the baseline from an earlier run of this visitor, if there is one
    room: Room = "studio"  # where it was asked for
    address: str = ""  # it was asked for from, where that can be believed
    id: str = field(default_factory=lambda: uuid4().hex)
    state: State = "waiting"
    run: str = ""  # id of the kept run
    read: bool = False  # somebody has seen how it ended
    reason: str = ""  # why it was stopped or failed, in one sentence
    progress: Progress = field(default_factory=Progress)
    stop: Flag = field(default_factory=Flag)
    events: list[JobEvent] = field(default_factory=list)
    changed: Condition = field(default_factory=Condition)
    context: Context = field(default_factory=copy_context)  # ZeroGPU finds there whose quota to count

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state not in ("waiting", "running")

    def begin(self) -> None:
        """It has the device."""
        with self.changed:
            self.state = "running"
            self.changed.notify_all()

    def tell(self, event: JobEvent) -> None:
        """Add what happened; what ends a run sets its state."""
        with self.changed:
            if self.over:
                return
            self.events.append(event)
            self.progress = self.progress.after(event)
            match event:
                case Compared() | Recorded() | Calibrated():
                    self.state = "done"
                case Stopped():
                    self.state = "stopped"
                case Failed():
                    self.state, self.reason = "failed", event.message
                case RunKept():
                    self.run = event.run.id
            self.changed.notify_all()

    def forget(self) -> None:
        """Let go of what happened, once nobody can be reading it."""
        with self.changed:
            self.events.clear()

    def follow(self, still: Callable[[], bool] = lambda: True) -> Generator[list[JobEvent]]:
        """Events from the first on in batches, one an UPDATE_SECONDS; news of an end at once.

        It ends with the run, or when `still` says no.
        """
        told, due, over = 0, 0.0, False
        while not over and still():
            with self.changed:
                if not self._ready(told, due):
                    self.changed.wait(POLL_SECONDS)
                over = self.over
                batch = self.events[told:] if self._ready(told, due) else []
            if batch:
                due = monotonic() + UPDATE_SECONDS
                told += len(batch)
                yield batch

    def _ready(self, told: int, due: float) -> bool:
        """Whether to tell what is new; a kept run waits for its numbers, which are there at once."""
        news = self.events[told:]
        if self.over or any(isinstance(event, Stopping) for event in news):
            return True
        return bool(news) and monotonic() >= due and not isinstance(news[-1], RunKept)
