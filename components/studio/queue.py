"""The queue panel: a visitor's runs that go, wait or just ended, with place and time left; reorder and cancel.

Its script also keeps the visitor present, has the runs followed again after a reload or a lost connection, and
remembers settings and the run shown from visit to visit.
"""

from typing import Any

import gradio as gr

from app.caching.titles import title_of
from app.jobs.limits import Limits
from app.jobs.runner import JobRunner
from app.jobs.ticket import Ticket
from components.shared.visitors import asker_of
from components.shared.web import answered, panel


def queue_panel(runner: JobRunner) -> gr.HTML:
    """The panel, empty until something waits."""
    return panel(
        "studio/queue",
        "queue",
        events=("enter", "follow"),
        server_functions=_questions(runner),
        listing=[],
        note=note_of(runner.limits),
        shown="",
    )


def queue_props(runner: JobRunner, visitor: str, shown: str = "") -> Any:
    """What the panel lists; `shown` is the kept run that the Studio shows from now on."""
    changed: dict[str, Any] = {"shown": shown} if shown else {}
    return gr.update(listing=listing_of(runner, visitor), **changed)


def listing_of(runner: JobRunner, visitor: str) -> list[dict[str, Any]]:
    """The visitor's runs in their order, those that are over first."""
    return [_listed(runner, ticket) for ticket in runner.tickets(visitor)]


def runs_first(ahead: int) -> str:
    """How many runs come before one."""
    return "1 run goes first" if ahead == 1 else f"{ahead} runs go first"


def note_of(limits: Limits) -> str:
    """What becomes of a run whose visitor leaves."""
    if limits.abandoned_seconds > 1e6:
        return "Runs go on when this page is closed."
    minutes = f"{limits.abandoned_seconds / 60:.0f} minutes"
    return f"Runs go on when this page is closed, for {minutes}; one that nobody comes back to is then stopped."


def _listed(runner: JobRunner, ticket: Ticket) -> dict[str, Any]:
    progress, waits = ticket.progress, ticket.state == "waiting"
    seconds = runner.seconds_until(ticket) if waits else progress.seconds_left
    return {
        "id": ticket.id,
        "prompt": ticket.request.prompt,
        "about": f"{title_of(ticket.request.method, ticket.request.model)} · seed {ticket.request.seed}",
        "state": "stopping" if ticket.stop.is_set() and not ticket.over else ticket.state,
        "room": ticket.room,
        "made": sum(progress.made.values()),
        "of": sum(progress.steps.values()),
        "ahead": len(runner.queue.before(ticket)) if waits else 0,
        "seconds": -1 if seconds is None else round(seconds, 1),
        "run": ticket.run,
        "reason": ticket.reason,
    }


def _questions(runner: JobRunner) -> list[Any]:
    def listing(asked: Any) -> dict[str, Any]:
        return answered(lambda asked: {"listing": listing_of(runner, asker_of(asked))}, asked)

    def cancelled(asked: Any) -> dict[str, Any]:
        def answer(asked: Any) -> dict[str, Any]:
            runner.stop(_ticket(runner, asked))
            return {"listing": listing_of(runner, asker_of(asked))}

        return answered(answer, asked)

    def moved(asked: Any) -> dict[str, Any]:
        def answer(asked: Any) -> dict[str, Any]:
            ticket = _ticket(runner, asked)
            if asked.get("places") not in (-1, 1):
                raise ValueError("a run moves one place at a time")
            runner.queue.move(ticket, asked["places"])
            return {"listing": listing_of(runner, asker_of(asked))}

        return answered(answer, asked)

    return [listing, cancelled, moved]


def _ticket(runner: JobRunner, asked: object) -> Ticket:
    if not isinstance(asked, dict):
        raise ValueError("the page does not fit this server; reload it")
    return runner.find(asked.get("id"), asker_of(asked))
