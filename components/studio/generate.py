"""A press on Generate, followed to its end: events of the job runner become updates of the panels.

This generator is the only writer of the two buttons and the message line, so their states cannot disagree.
"""

import math
from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Self

import gradio as gr

from app.common.sentences import sentence
from app.generation.events import Compared, Failed, Loading, Started, Stopped
from app.jobs.runner import JobEvent, JobRunner, Refused, Stopping, Waiting
from app.jobs.zerogpu import generate_pair
from app.lab.session import Recorded
from app.models.base import ModelCard
from components.shared.warmup import LOADING
from components.studio.charts import charts_props
from components.studio.controls import read_request
from components.studio.video_panel import stage_props
from components.studio.view import View

Updates = list[Any]  # for: stage, charts, words, message, Generate, Stop
UNSEEN = Waiting | Refused | Stopping | Recorded | Loading
UNCHANGED: Updates = [gr.skip()] * 6


def live(
    runner: JobRunner,
    cards: Mapping[str, ModelCard],
    model_state: str,
    session: str,
    visitor: str,
    reuse: bool,
    values: tuple[Any, ...],
) -> Generator[Updates]:
    """Updates of all panels, from the press on Generate until the buttons are back where they were.

    `reuse`: take the baseline from an earlier run of this visitor, if there is one.
    """
    try:
        request = read_request(cards, *values)
    except ValueError as error:
        yield [*UNCHANGED[:3], *_controls(Controlled(sentence(error), "error", running=False))]
        return
    loading = "Loading the model; the run starts when it is there." if model_state == LOADING else ""
    controlled, view = Controlled(loading), None
    yield [*UNCHANGED[:3], *_controls(controlled)]
    job = (
        partial(generate_pair, kept=lambda request: runner.store.baseline(request, visitor))
        if reuse
        else generate_pair
    )
    with closing(runner.events(session, request, job, visitor)) as news:
        for batch in news:
            if isinstance(batch[0], Refused):
                yield [*UNCHANGED[:3], gr.update(text=batch[0].message, kind="error"), gr.skip(), gr.skip()]
                return
            before = controlled, view and view.understood
            for event in batch:
                controlled = controlled.after(event)
                if isinstance(event, Started):
                    view = View.start(event)
                elif view is not None and not isinstance(event, UNSEEN):
                    view = view.after(event)
            controlled = controlled.at(view)
            panels = _panels(view, cards)
            if view is None or before[1] == view.understood:
                panels[2] = gr.skip()
            yield [*panels, *(_controls(controlled) if controlled != before[0] else UNCHANGED[3:])]


@dataclass(frozen=True)
class Controlled:
    """The message line and what the two buttons allow."""

    message: str = ""
    kind: str = "info"
    running: bool = True
    stopping: bool = False

    def at(self, view: View | None) -> Self:
        """The same with the steps made and the time left, while nothing more important is to be said."""
        if view is None or view.state != "running" or not self.running or self.stopping:
            return self
        made = sum(len(shown.records) for shown in view.sides.values())
        of = sum(view.steps.values())
        left = view.seconds_left
        rest = "" if left is None else f", about {math.ceil(left)} s left"
        return replace(self, message=f"{made} of {of} steps, both sides{rest}", kind="info")

    def after(self, event: JobEvent) -> Self:
        """The same once something has happened."""
        match event:
            case Waiting():
                runs = "run goes" if event.ahead == 1 else "runs go"
                return replace(self, message=f"{event.ahead} {runs} first; this one starts by itself.")
            case Stopping():
                return replace(self, message="Stopping", stopping=True)
            case Loading():
                return replace(self, message=f"{event.message}.")
            case Started():
                return replace(self, message="")
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
        return UNCHANGED[:3]
    return [
        gr.update(**stage_props(view, cards[view.request.model])),
        gr.update(**charts_props(view)),
        gr.update(understood=[list(pair) for pair in view.understood], ignored=list(view.ignored)),
    ]


def _controls(controlled: Controlled) -> Updates:
    return [
        gr.update(text=controlled.message, kind=controlled.kind),
        gr.update(interactive=not controlled.running),
        gr.update(interactive=controlled.running and not controlled.stopping),
    ]
