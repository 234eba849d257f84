"""The endpoints for programs: the same requests, limits and queue as the page.

/generate makes one run and waits for it; /submit, /status, /result and /stop are for many; /codebooks lists.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import gradio as gr

from app.caching.codebook import Codebook, presets
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.names import named_method, with_option
from app.common.sentences import sentence
from app.common.validation import as_whole, check_texts, shown, text
from app.generation.request import MAX_NAME, Request, random_seed
from app.generation.trace import SIDES
from app.jobs.queue import Place
from app.jobs.runner import JobRunner
from app.jobs.ticket import Ticket
from app.models.base import ModelCard
from app.models.condition_image import PLACES, ImagePlace
from app.models.settings import Settings
from app.runs.store import RunStore
from components.shared.visitors import address_of, program_of
from components.shared.web import served
from components.studio.controls import card_of
from components.studio.extension import NO_RUN, asked_extension
from components.studio.images import read_image
from components.studio.size import MAX_SIZE_NAME

METHOD = "adacache-fast-moreg"
Result = tuple[dict[str, Any], dict[str, Any], str, str]  # summary, trace, both videos
OWN = -1  # stands for the model's own setting; gradio_client takes None for a missing one
NO_FILE: tuple[Any, ...] = (None, {})
OWN_TEXT = "own"  # where the empty text is a choice as well


def endpoints(runner: JobRunner, cards: Mapping[str, ModelCard], visitors: int) -> None:
    """Add them to the page being built; nothing of them is seen."""
    first = next(iter(cards.values()))

    def submitted(caller: gr.Request, visitor: Any, *asked: Any) -> Ticket:
        request = _request(cards, runner.store, *asked)
        return runner.submit(program_of(visitor, caller), request, room="api", address=address_of(caller))

    def generate(
        prompt: Any,
        model: Any,
        method: Any,
        codebook: Any,
        seed: Any,
        steps: Any,
        guidance: Any,
        resolution: Any,
        aspect_ratio: Any,
        length: Any,
        reuse: Any,
        negative_prompt: Any,
        precision: Any,
        flow_shift: Any,
        aesthetic: Any,
        motion_score: Any,
        camera_motion: Any,
        image: Any,
        last_image: Any,
        extends: Any,
        overlap: Any,
        visitor: Any,
        caller: gr.Request,
    ) -> Result:
        """Generate a prompt with and without a method; returns summary, trace, and both videos.

        `method` is a name of `python -m app methods`; `codebook`, {"0.08": 6, "1": 1}, replaces that of an
        AdaCache method; `reuse` replaces what stands in for skipped steps; the seed "random" is one nobody chose,
        which the summary tells. The model's own are steps, guidance, flow shift and scores -1, an empty
        resolution, aspect ratio (height:width), length, precision or camera motion, and the negative prompt "own".
        `image` and `last_image` are files (gradio_client's handle_file) that the video starts from and is led to.
        `extends` is the id of a run whose accelerated clip it goes on from, beginning with the last `overlap`
        latent frames of it (-1: 5, as upstream); its videos hold both.
        `visitor`: the id of the browser in whose Runs the run is to appear, if any.
        """
        sized = (resolution, aspect_ratio, length)
        settings = (negative_prompt, precision, flow_shift, aesthetic, motion_score, camera_motion)
        asked = (
            prompt,
            model,
            method,
            codebook,
            seed,
            steps,
            guidance,
            *sized,
            reuse,
            *settings,
            extends,
            overlap,
            image,
            last_image,
        )
        with _one_line():
            return _result(runner, submitted(caller, visitor, *asked))

    def submit(
        prompt: Any,
        model: Any,
        method: Any,
        codebook: Any,
        seed: Any,
        steps: Any,
        guidance: Any,
        resolution: Any,
        aspect_ratio: Any,
        length: Any,
        reuse: Any,
        negative_prompt: Any,
        precision: Any,
        flow_shift: Any,
        aesthetic: Any,
        motion_score: Any,
        camera_motion: Any,
        image: Any,
        last_image: Any,
        extends: Any,
        overlap: Any,
        visitor: Any,
        caller: gr.Request,
    ) -> dict[str, Any]:
        """Queue a run as /generate describes it and return at once: its id, state, place and seconds to wait.

        The same run is not queued twice: its earlier id is returned.
        """
        sized = (resolution, aspect_ratio, length)
        settings = (negative_prompt, precision, flow_shift, aesthetic, motion_score, camera_motion)
        asked = (
            prompt,
            model,
            method,
            codebook,
            seed,
            steps,
            guidance,
            *sized,
            reuse,
            *settings,
            extends,
            overlap,
            image,
            last_image,
        )
        with _one_line():
            ticket = submitted(caller, visitor, *asked)
            return _status(ticket, runner.place(ticket))

    def status(visitor: Any, caller: gr.Request) -> list[dict[str, Any]]:
        """How all runs of this client stand: those that are over, the one that goes, those that wait."""
        tickets, places = runner.tickets(program_of(visitor, caller)), runner.places()
        return [_status(ticket, places.get(ticket.id, Place())) for ticket in tickets]

    def result(id: Any, visitor: Any, caller: gr.Request) -> Result:
        """Wait for a submitted run and return what /generate returns."""
        with _one_line():
            return _result(runner, runner.find(id, program_of(visitor, caller)))

    def stop(id: Any, visitor: Any, caller: gr.Request) -> list[dict[str, Any]]:
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
            gr.Number(0, label="seed"),
            gr.Number(OWN, label="steps"),
            gr.Number(OWN, label="guidance"),
            *(gr.Textbox("", label=name) for name in ("resolution", "aspect_ratio", "length", "reuse")),
            gr.Textbox(OWN_TEXT, label="negative_prompt"),
            gr.Textbox("", label="precision"),
            *(gr.Number(OWN, label=name) for name in ("flow_shift", "aesthetic", "motion_score")),
            gr.Textbox("", label="camera_motion"),
            *(gr.JSON({}, label=place) for place in PLACES),
            gr.Textbox("", label="extends"),
            gr.Number(OWN, label="overlap"),
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
    settings: dict[str, Any] = {"concurrency_limit": visitors, "preprocess": False}
    call.click(generate, inputs, outputs, api_name="generate", **settings)
    call.click(submit, inputs, answer, api_name="submit", **settings)
    call.click(status, visitor, answer, api_name="status", **settings)
    call.click(result, [id, visitor], outputs, api_name="result", **settings)
    call.click(stop, [id, visitor], answer, api_name="stop", **settings)
    gr.api(codebooks, api_name="codebooks")


def _request(
    cards: Mapping[str, ModelCard],
    store: RunStore,
    prompt: Any,
    model: Any,
    method: Any,
    codebook: Any,
    seed: Any,
    steps: Any,
    guidance: Any,
    resolution: Any,
    aspect_ratio: Any,
    length: Any,
    reuse: Any,
    negative_prompt: Any,
    precision: Any,
    flow_shift: Any,
    aesthetic: Any,
    motion_score: Any,
    camera_motion: Any,
    extends: Any,
    overlap: Any,
    *images: Any,
) -> Request:
    card = card_of(cards, model)
    size = (resolution, aspect_ratio, length)
    text("the method", method, MAX_NAME)
    for name, value in zip(("resolution", "aspect ratio", "length"), size, strict=True):
        text(f"the {name}", value, MAX_SIZE_NAME)
    chosen = named_method(method, card.id, card.motion)
    text("the reuse", reuse, MAX_NAME)
    if reuse:
        chosen = with_option(chosen, reuse)
    if codebook not in (None, {}):
        if not isinstance(chosen, AdaCacheConfig):
            raise ValueError(f"a codebook is for AdaCache methods, and {method[:40]} is none")
        check_texts("the codebook", codebook)
        chosen = chosen.with_codebook(Codebook.from_json(codebook))
    text("the precision", precision, MAX_NAME)
    text("the camera motion", camera_motion, MAX_NAME)
    numbers = {"flow_shift": flow_shift, "aesthetic": aesthetic, "motion_score": motion_score}
    given = {place: file for place, file in zip(PLACES, images, strict=True) if file not in NO_FILE}
    asked: dict[str, Any] = {
        "negative_prompt": None if negative_prompt == OWN_TEXT else negative_prompt,
        "precision": precision or None,
        "camera_motion": camera_motion or None,
        **{name: None if value == OWN else value for name, value in numbers.items()},
    }
    asked |= {place: _image_id(store, card, place, file) for place, file in given.items()}
    if extends in NO_RUN and overlap not in (OWN, None):
        raise ValueError(f"an overlap is for a run that extends another, got {shown(overlap)}")
    asked |= asked_extension(card, extends, None if overlap == OWN else overlap)
    made = card.requested_size(*size)
    return Request(
        model=card.id,
        prompt=prompt,
        method=chosen,
        seed=random_seed() if seed == "random" else as_whole(seed),  # type: ignore[arg-type]  # checked there
        steps=card.steps if steps == OWN else as_whole(steps),  # type: ignore[arg-type]
        guidance=card.guidance if guidance == OWN else guidance,
        size=made,
        **vars(card.requested_settings(Settings(**asked), made)),
    )


def _image_id(store: RunStore, card: ModelCard, place: ImagePlace, file: object) -> str:
    """The id of an image that a program has uploaded; a ValueError where it is none or the model takes none."""
    name = place.replace("_", " ")
    if not isinstance(file, dict) or "path" not in file:
        raise ValueError(f"the {name} must be a file, as gradio_client's handle_file gives it, got {shown(file)}")
    asked: dict[str, Any] = {place: "0" * 64}
    card.requested_settings(Settings(**asked))
    return store.pool.add(read_image(file))


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


def _status(ticket: Ticket, place: Place) -> dict[str, Any]:
    waits, progress = ticket.state == "waiting", ticket.progress
    return {
        "id": ticket.id,
        "prompt": ticket.request.prompt,
        "state": ticket.state,
        "ahead": place.ahead,
        "seconds": place.seconds if waits else progress.seconds_left,
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
