"""The queue panel: a visitor's runs that go, wait or just ended, with place and time left; reorder and cancel.

Its script also keeps the visitor present, has the runs followed again after a reload or a lost connection, and
remembers settings from visit to visit.
"""

from typing import Any

import gradio as gr

from app.caching.titles import title_of
from app.jobs.limits import Limits
from app.jobs.queue import Place
from app.jobs.runner import JobRunner
from app.jobs.ticket import Ticket
from components.shared.visitors import asker_of
from components.shared.web import answered, panel

LISTED = 50  # runs that wait; a prompt file can have a thousand, and the list is sent twice a second


def queue_panel(runner: JobRunner) -> gr.HTML:
    """The panel, empty until something waits."""
    return panel(
        "studio/queue",
        "queue",
        events=("enter", "follow"),
        server_functions=_questions(runner),
        listing=[],
        more=0,
        note=note_of(runner.limits),
    )


def queue_props(runner: JobRunner, visitor: str) -> Any:
    """What the panel lists."""
    return gr.update(**listing_of(runner, visitor))


def listing_of(runner: JobRunner, visitor: str) -> dict[str, Any]:
    """The visitor's runs in their order, those that are over first, and how many `more` wait than are listed."""
    tickets, places = runner.tickets(visitor), runner.places()
    waiting = [ticket for ticket in tickets if ticket.state == "waiting"]
    left_out = {ticket.id for ticket in waiting[LISTED:]}
    listed = [ticket for ticket in tickets if ticket.id not in left_out]
    return {
        "listing": [_listed(ticket, places.get(ticket.id, Place())) for ticket in listed],
        "more": len(left_out),
    }


def runs_first(ahead: int) -> str:
    """How many runs come before one."""
    return "1 run goes first" if ahead == 1 else f"{ahead} runs go first"


def note_of(limits: Limits) -> str:
    """What becomes of a run whose visitor leaves."""
    if limits.abandoned_seconds > 1e6:
        return "Runs go on when this page is closed."
    minutes = f"{limits.abandoned_seconds / 60:.0f} minutes"
    return f"Runs go on when this page is closed, for {minutes}; one that nobody comes back to is then stopped."


def _listed(ticket: Ticket, place: Place) -> dict[str, Any]:
    progress = ticket.progress
    seconds = place.seconds if ticket.state == "waiting" else progress.seconds_left
    return {
        "id": ticket.id,
        "prompt": ticket.request.prompt,
        "about": f"{title_of(ticket.request.method, ticket.request.model)} · seed {ticket.request.seed}",
        "state": "stopping" if ticket.stop.is_set() and not ticket.over else ticket.state,
        "room": ticket.room,
        "made": sum(progress.made.values()),
        "of": sum(progress.steps.values()),
        "ahead": place.ahead,
        "seconds": -1 if seconds is None else round(seconds, 1),
        "run": ticket.run,
        "reason": ticket.reason,
    }


def _questions(runner: JobRunner) -> list[Any]:
    def listing(asked: Any) -> dict[str, Any]:
        return answered(lambda asked: listing_of(runner, asker_of(asked)), asked)

    def cancelled(asked: Any) -> dict[str, Any]:
        def answer(asked: Any) -> dict[str, Any]:
            runner.stop(_ticket(runner, asked))
            return listing_of(runner, asker_of(asked))

        return answered(answer, asked)

    def moved(asked: Any) -> dict[str, Any]:
        def answer(asked: Any) -> dict[str, Any]:
            ticket = _ticket(runner, asked)
            if asked.get("places") not in (-1, 1):
                raise ValueError("a run moves one place at a time")
            runner.queue.move(ticket, asked["places"])
            return listing_of(runner, asker_of(asked))

        return answered(answer, asked)

    return [listing, cancelled, moved]


def _ticket(runner: JobRunner, asked: object) -> Ticket:
    if not isinstance(asked, dict):
        raise ValueError("the page does not fit this server; reload it")
    return runner.find(asked.get("id"), asker_of(asked))
