"""A visitor's runs on the page: a press on Generate asks for one, and all are followed to their end.

`follow` is the only writer of the videos, charts and buttons while runs go, so their states cannot disagree.
"""

import math
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, Self

import gradio as gr

from app.common.sentences import sentence
from app.generation.events import Compared, Failed, Loading, Started, Stopped
from app.generation.request import Request
from app.jobs.calibration import BaselineStep, Calibrated
from app.jobs.progress import Progress
from app.jobs.runner import ELSEWHERE, JobRunner
from app.jobs.ticket import JobEvent, Stopping, Ticket, Waiting
from app.lab.session import Recorded
from app.models.base import ModelCard
from components.studio.charts import charts_props
from components.studio.prompts import told
from components.studio.queue import queue_props, runs_first
from components.studio.video_panel import stage_props
from components.studio.view import View

Updates = list[Any]  # for: stage, charts, words, message, Generate, Stop, queue
UNSEEN = Waiting | Stopping | Recorded | Loading | BaselineStep | Calibrated
GENERATE, ADD = "Generate", "Add to queue"


def ask_for(runner: JobRunner, visitor: str, requests: Sequence[Request], reuse: bool, address: str = "") -> str:
    """Queue runs and say where they stand; nothing where one starts at once. A ValueError says why not."""
    before = {ticket.id for ticket in runner.queue.of(visitor)}
    asked = []
    for request in requests:
        try:
            asked.append(runner.submit(visitor, request, reuse=reuse, address=address))
        except ValueError as error:
            if not asked:
                raise
            return f"{len(asked)} of {len(requests)} runs were added. {sentence(error)}"
    if all(ticket.id in before for ticket in asked):
        return "This very run is in the queue already."
    if len(asked) > 1:
        return f"{len(asked)} runs were added to the queue."
    ahead = runner.place(asked[0]).ahead
    return f"Added: {runs_first(ahead)}." if ahead and before else ""


def current(runner: JobRunner, visitor: str) -> Ticket | None:
    """The run that the Studio shows: the visitor's one that goes, else their next; other rooms show their own."""
    return next((ticket for ticket in runner.queue.of(visitor) if ticket.room not in ELSEWHERE), None)


def follow(runner: JobRunner, cards: Mapping[str, ModelCard], visitor: str) -> Generator[Updates]:
    """Updates of all panels as long as the visitor has runs that go or wait, one run after the other.

    A run that was over before this began is told as well, unless somebody has seen its end.
    """
    while (ticket := current(runner, visitor) or runner.unread(visitor)) is not None:
        yield from _follow(runner, cards, ticket)
    yield [gr.skip()] * 4 + _buttons(False, False) + [queue_props(runner, visitor)]


def _follow(runner: JobRunner, cards: Mapping[str, ModelCard], ticket: Ticket) -> Generator[Updates]:
    said, view = Said(), None

    def still() -> bool:
        return current(runner, ticket.visitor) is ticket or ticket.state != "waiting"

    with closing(runner.events(ticket, still)) as news:
        for batch in news:
            before = view and view.understood
            for event in batch:
                said = said.after(event)
                if isinstance(event, Started):
                    view = View.start(event, cards[event.request.model].motion)
                elif view is not None and not isinstance(event, UNSEEN):
                    view = view.after(event)
            shown = said.at(ticket.progress)
            panels = _panels(view, cards)
            if view is None or before == view.understood:
                panels[2] = gr.skip()
            going = current(runner, ticket.visitor) is not None
            yield [
                *panels,
                gr.update(text=shown.message, kind=shown.kind),
                *_buttons(going, going and not said.stopping),
                queue_props(runner, ticket.visitor),
            ]
    ticket.read = ticket.over


@dataclass(frozen=True)
class Said:
    """The message line: what a run waits for, how far it is, or how it ended."""

    message: str = ""
    kind: str = "info"
    running: bool = False
    stopping: bool = False

    def at(self, progress: Progress) -> Self:
        """The same with the steps made and the time left, while nothing more important is to be said."""
        if not self.running or self.stopping:
            return self
        made, of = sum(progress.made.values()), sum(progress.steps.values())
        left = progress.seconds_left
        rest = "" if left is None else f", about {math.ceil(left)} s left"
        return replace(self, message=f"{made} of {of} steps, both sides{rest}", kind="info")

    def after(self, event: JobEvent) -> Self:
        """The same once something has happened."""
        match event:
            case Waiting():
                when = "" if event.seconds is None else f", about {event.seconds} s"
                return replace(self, message=f"{runs_first(event.ahead)}{when}; this one starts by itself.")
            case Stopping():
                return replace(self, message="Stopping", stopping=True)
            case Loading():
                return replace(self, message=f"{event.message}.")
            case Started():
                return replace(self, message="", running=True)
            case Failed():
                message = f"{sentence(event.message)} Settings are kept."
                return replace(self, message=message, kind="error", running=False)
            case Stopped():
                made = len(event.trace.records.get("baseline", ()))
                message = f"Stopped after {made} baseline steps; no files were kept."
                return replace(self, message=message, running=False)
            case Compared():
                return replace(self, message="", running=False)
        return self


def _panels(view: View | None, cards: Mapping[str, ModelCard]) -> Updates:
    if view is None:
        return [gr.skip()] * 3
    request, card = view.request, cards[view.request.model]
    return [
        gr.update(**stage_props(view, card)),
        gr.update(**charts_props(view, card)),
        gr.update(**told(request.model, request.prompt, view.understood, view.ignored)),
    ]


def _buttons(going: bool, stoppable: bool) -> Updates:
    return [gr.update(value=ADD if going else GENERATE), gr.update(interactive=stoppable)]
