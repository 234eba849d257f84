"""The endpoints for programs: the same requests, limits and queue as the page.

/generate makes one run and waits for it; /submit, /status, /result and /stop are for many; /codebooks lists.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import gradio as gr

from app.caching.codebook import Codebook, presets
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.names import named_method
from app.common.sentences import sentence
from app.generation.request import Request
from app.generation.trace import SIDES
from app.jobs.runner import JobRunner
from app.jobs.ticket import Ticket
from app.models.base import ModelCard
from components.shared.visitors import program_of
from components.shared.web import served

METHOD = "adacache-fast-moreg"
Result = tuple[dict[str, Any], dict[str, Any], str, str]  # summary, trace, both videos
OWN = -1  # stands for the model's own setting; gradio_client takes None for a missing one


def endpoints(runner: JobRunner, cards: Mapping[str, ModelCard], visitors: int) -> None:
    """Add them to the page being built; nothing of them is seen."""
    first = next(iter(cards.values()))

    def submitted(caller: gr.Request, *values: Any) -> Ticket:
        *asked, visitor = values
        return runner.submit(program_of(visitor, caller), _request(cards, *asked), room="api")

    def generate(
        prompt: str,
        model: str,
        method: str,
        codebook: Any,
        seed: float,
        steps: float,
        guidance: float,
        resolution: str,
        aspect_ratio: str,
        length: str,
        visitor: str,
        caller: gr.Request,
    ) -> Result:
        """Generate a prompt with and without a method; returns summary, trace, and both videos.

        `method` is a name of `python -m app methods`; `codebook`, {"0.08": 6, "1": 1}, replaces that of an
        AdaCache method; steps and guidance -1 and an empty resolution, aspect ratio (height:width) or length are
        the model's own. `visitor`: the id of the browser in whose Runs the run is to appear, if any.
        """
        asked = (prompt, model, method, codebook, seed, steps, guidance, resolution, aspect_ratio, length)
        with _one_line():
            return _result(runner, submitted(caller, *asked, visitor))

    def submit(
        prompt: str,
        model: str,
        method: str,
        codebook: Any,
        seed: float,
        steps: float,
        guidance: float,
        resolution: str,
        aspect_ratio: str,
        length: str,
        visitor: str,
        caller: gr.Request,
    ) -> dict[str, Any]:
        """Queue a run as /generate describes it and return at once: its id, state, place and seconds to wait.

        The same run is not queued twice: its earlier id is returned.
        """
        asked = (prompt, model, method, codebook, seed, steps, guidance, resolution, aspect_ratio, length)
        with _one_line():
            return _status(runner, submitted(caller, *asked, visitor))

    def status(visitor: str, caller: gr.Request) -> list[dict[str, Any]]:
        """How all runs of this client stand: those that are over, the one that goes, those that wait."""
        return [_status(runner, ticket) for ticket in runner.tickets(program_of(visitor, caller))]

    def result(id: str, visitor: str, caller: gr.Request) -> Result:
        """Wait for a submitted run and return what /generate returns."""
        with _one_line():
            return _result(runner, runner.find(id, program_of(visitor, caller)))

    def stop(id: str, visitor: str, caller: gr.Request) -> list[dict[str, Any]]:
        """Stop a run that goes or cancel one that waits; without an id, all of this client. Returns the status."""
        owner = program_of(visitor, caller)
        with _one_line():
            tickets = [runner.find(id, owner)] if id else runner.queue.of(owner)[::-1]  # what goes last of all
        for ticket in tickets:
            runner.stop(ticket)
        return status(visitor, caller)

    def codebooks() -> dict[str, Any]:
        """Every codebook with its title, source and the number of steps it was made for."""
        return {
            preset.id: {
                "title": preset.title,
                "steps": preset.codebook.steps,
                "source": preset.source,
                "codebook": preset.codebook.to_json(),
            }
            for preset in presets().values()
        }

    with gr.Row(visible=False):
        visitor = gr.Textbox("", label="visitor")
        id = gr.Textbox("", label="id")
        inputs = [
            gr.Textbox(label="prompt"),
            gr.Textbox(first.id, label="model"),
            gr.Textbox(METHOD, label="method"),
            gr.JSON({}, label="codebook"),
            gr.Number(0, label="seed", precision=0),
            gr.Number(OWN, label="steps", precision=0),
            gr.Number(OWN, label="guidance"),
            *(gr.Textbox("", label=name) for name in ("resolution", "aspect_ratio", "length")),
            visitor,
        ]
        outputs = [
            gr.JSON(label="summary"),
            gr.JSON(label="trace"),
            gr.File(label="baseline"),
            gr.File(label="accelerated"),
        ]
        answer = gr.JSON(label="answer")
        call = gr.Button("call")
    call.click(generate, inputs, outputs, api_name="generate", concurrency_limit=visitors)
    call.click(submit, inputs, answer, api_name="submit", concurrency_limit=visitors)
    call.click(status, visitor, answer, api_name="status", concurrency_limit=visitors)
    call.click(result, [id, visitor], outputs, api_name="result", concurrency_limit=visitors)
    call.click(stop, [id, visitor], answer, api_name="stop", concurrency_limit=visitors)
    gr.api(codebooks, api_name="codebooks")


def _request(
    cards: Mapping[str, ModelCard],
    prompt: str,
    model: str,
    method: str,
    codebook: Any,
    seed: float,
    steps: float,
    guidance: float,
    resolution: str,
    aspect_ratio: str,
    length: str,
) -> Request:
    if model not in cards:
        raise ValueError(f"no model {str(model)[:40]!r}; there are: {', '.join(cards)}")
    card = cards[model]
    chosen = named_method(str(method), model, card.motion)
    if codebook:
        if not isinstance(chosen, AdaCacheConfig):
            raise ValueError(f"a codebook is for AdaCache methods, and {method[:40]} is none")
        chosen = replace(chosen, codebook=Codebook.from_json(codebook))
    return Request(
        model=model,
        prompt=prompt,
        method=chosen,
        seed=seed,  # type: ignore[arg-type]  # checked there
        steps=card.steps if steps == OWN else steps,  # type: ignore[arg-type]
        guidance=card.guidance if guidance == OWN else guidance,
        size=card.requested_size(resolution, aspect_ratio, length),
    )


def _result(runner: JobRunner, ticket: Ticket) -> Result:
    """Wait for a run to end, its visitor being there as long, and read what it has written."""
    for _ in runner.events(ticket):
        pass
    if ticket.state == "failed":
        raise ValueError(ticket.reason)
    if ticket.state != "done":
        raise ValueError(f"the run was stopped{ticket.reason and f': {ticket.reason}'}")
    run = runner.store.get(ticket.run, ticket.visitor)
    trace: dict[str, Any] = {side: [record.to_json() for record in run.trace.records[side]] for side in SIDES}
    trace["request"] = run.request.to_json()
    return run.summary, trace, served(run.video("baseline")), served(run.video("accelerated"))


def _status(runner: JobRunner, ticket: Ticket) -> dict[str, Any]:
    waits, progress = ticket.state == "waiting", ticket.progress
    return {
        "id": ticket.id,
        "prompt": ticket.request.prompt,
        "state": ticket.state,
        "ahead": len(runner.queue.before(ticket)) if waits else 0,
        "seconds": runner.seconds_until(ticket) if waits else progress.seconds_left,
        "made": sum(progress.made.values()),
        "steps": sum(progress.steps.values()),
        "run": ticket.run,
        "reason": ticket.reason,
    }


@contextmanager
def _one_line() -> Iterator[None]:
    """What is wrong comes back to the program as one sentence."""
    try:
        yield
    except ValueError as error:
        raise gr.Error(sentence(error), print_exception=False) from None
