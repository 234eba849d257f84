"""The endpoints for programs, /generate and /codebooks: the same requests, limits and queue as the page."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any

import gradio as gr

from app.caching.codebook import Codebook, presets
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.names import named_method
from app.common.sentences import sentence
from app.generation.events import Compared, Failed, Loading, Started, Stopped
from app.generation.request import Request
from app.jobs.runner import JobRunner, Refused, Stopping, Waiting
from app.lab.session import Recorded
from app.models.base import ModelCard
from app.models.size import SizeNames
from components.shared.visitors import visitor_key
from components.shared.web import served
from components.studio.view import View

METHOD = "adacache-fast-moreg"
OWN = -1  # stands for the model's own setting; gradio_client takes None for a missing one


def endpoints(runner: JobRunner, cards: Mapping[str, ModelCard], visitors: int) -> None:
    """Add both to the page being built; nothing of them is seen."""
    first = next(iter(cards.values()))

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
        visitor: gr.Request,
    ) -> tuple[dict[str, Any], dict[str, Any], str, str]:
        """Generate a prompt with and without a method; returns summary, trace, and both videos.

        `method` is a name of `python -m app methods`; `codebook`, {"0.08": 6, "1": 1}, replaces that of an
        AdaCache method; steps and guidance -1 and an empty resolution, aspect ratio (height:width) or length are
        the model's own.
        """
        try:
            request = _request(
                cards, prompt, model, method, codebook, seed, steps, guidance, (resolution, aspect_ratio, length)
            )
        except ValueError as error:
            raise gr.Error(sentence(error), print_exception=False) from None
        view = _run(runner, visitor_key(visitor, runner.limits), request)
        assert view.summary is not None
        trace: dict[str, Any] = {side: list(shown.records) for side, shown in view.sides.items()}
        trace["request"] = request.to_json()
        return view.summary, trace, served(view.videos["baseline"]), served(view.videos["accelerated"])

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
        inputs = [
            gr.Textbox(label="prompt"),
            gr.Textbox(first.id, label="model"),
            gr.Textbox(METHOD, label="method"),
            gr.JSON({}, label="codebook"),
            gr.Number(0, label="seed", precision=0),
            gr.Number(OWN, label="steps", precision=0),
            gr.Number(OWN, label="guidance"),
            *(gr.Textbox("", label=name) for name in ("resolution", "aspect_ratio", "length")),
        ]
        outputs = [
            gr.JSON(label="summary"),
            gr.JSON(label="trace"),
            gr.File(label="baseline"),
            gr.File(label="accelerated"),
        ]
        call = gr.Button("generate")
    call.click(generate, inputs, outputs, api_name="generate", concurrency_limit=visitors)
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
    size: SizeNames,
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
        size=card.requested_size(*size),
    )


def _run(runner: JobRunner, key: str, request: Request) -> View:
    view: View | None = None
    with closing(runner.events(key, request)) as news:
        for event in (event for batch in news for event in batch):
            match event:
                case Refused() | Failed():
                    raise gr.Error(sentence(event.message), print_exception=False)
                case Stopped():
                    raise gr.Error("The run was stopped.", print_exception=False)
                case Started():
                    view = View.start(event)
                case Waiting() | Stopping() | Recorded() | Loading():
                    pass
                case _ if view is not None:
                    view = view.after(event)
                    if isinstance(event, Compared):
                        return view
    raise gr.Error("The run ended without a result.", print_exception=False)
