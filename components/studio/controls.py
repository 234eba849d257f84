"""The controls: what is asked of which model, with which method; Generate, Stop, and a link to all of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.caching.codebook import presets
from app.common.validation import as_whole, shown
from app.generation.request import Request, random_seed
from app.jobs.runner import JobRunner
from app.models.base import ModelCard
from components.shared.codebook import codebook_props
from components.shared.web import panel
from components.studio.method import (
    ADACACHE,
    MethodPanel,
    choices,
    method_panel,
    read_method,
    shown_for,
    values_of,
)
from components.studio.prompts import PromptPanel, group_props, prompt_panel, wire_prompt
from components.studio.queue import queue_panel
from components.studio.size import SizePanel, read_size, size_panel, size_props

Updates = list[Any]


@dataclass(frozen=True)
class Controls:
    """Components the page wires.

    `inputs` is what `read_request` takes, in its order; `shown` is what `show_request` updates, in its order.
    """

    prompt: PromptPanel
    model: gr.Dropdown
    size: SizePanel
    method: MethodPanel
    inputs: list[gr.Component]
    shown: list[Any]
    reuse: gr.Checkbox
    generate: gr.Button
    stop: gr.Button
    queue: gr.HTML
    message: gr.HTML
    share: gr.HTML


def controls(card: ModelCard, cards: Mapping[str, ModelCard], runner: JobRunner) -> Controls:
    """Build the column with a model's own settings filled in."""
    prompt = prompt_panel(card)
    with gr.Row(elem_id="run-buttons"):
        generate = gr.Button("Generate", variant="primary", elem_id="generate", scale=3, min_width=60)
        stop = gr.Button("Stop", elem_id="stop", interactive=False, scale=2, min_width=60)
    reuse = gr.Checkbox(True, label="Reuse the baseline of an earlier run", elem_id="reuse-baseline")
    message = panel("shared/message", "message", text="", kind="info", notice="", notice_kind="info")
    queue = queue_panel(runner)
    with gr.Column(elem_id="settings"):
        model = gr.Dropdown(
            [(item.title, item.id) for item in cards.values()],
            value=card.id,
            label="Model",
            info=card.needs,
            filterable=False,
            interactive=True,
            elem_id="model",
        )
        with gr.Row(elem_classes="numbers"):
            seed = _number("Seed", 0, "seed", precision=0)
            steps = _number("Steps", card.steps, "steps", precision=0)
            guidance = _number("Guidance", card.guidance, "guidance")
        dice = gr.Button("Random seed", size="sm", elem_id="random-seed")
        size = size_panel(card)
        method = method_panel(card)
        share = panel("studio/share", "share", link="", run="", error="", asked=0)
    dice.click(random_seed, None, seed, show_progress="hidden", api_visibility="private")
    inputs = [model, prompt.text, seed, steps, guidance, *size.inputs, *method.inputs]
    return Controls(
        prompt=prompt,
        model=model,
        size=size,
        method=method,
        inputs=inputs,
        shown=[*inputs, size.column, size.said, prompt.library, method.about, method.adacache],
        reuse=reuse,
        generate=generate,
        stop=stop,
        queue=queue,
        message=message,
        share=share,
    )


def wire_controls(built: Controls, cards: Mapping[str, ModelCard], quiet: dict[str, Any]) -> None:
    """Another model brings its own settings and methods, and the prompt stays; another method its own controls."""
    method = built.method
    quiet = {**quiet, "queue": False, "preprocess": False}

    def settings_of(model: object) -> Updates:
        card = card_of(cards, model)
        return [
            gr.update(info=card.needs),
            gr.update(groups=group_props(card)),
            card.steps,
            card.guidance,
            *size_props(card),
            gr.update(choices=choices(card), value=ADACACHE),
            codebook_props(presets()[card.codebook].codebook),
            *shown_for(card, ADACACHE),
        ]

    def method_of(model: object, chosen: object) -> Updates:
        return shown_for(card_of(cards, model), chosen if isinstance(chosen, str) else ADACACHE)

    steps, guidance = built.inputs[3:5]
    own = [built.model, built.prompt.library, steps, guidance, *built.size.shown, method.choice, method.codebook]
    built.model.input(settings_of, built.model, [*own, *method.adjusted], **quiet)
    method.choice.input(method_of, [built.model, method.choice], method.adjusted, **quiet)
    wire_prompt(built.prompt, built.model, quiet)


def read_request(
    cards: Mapping[str, ModelCard],
    model: object,
    prompt: Any,
    seed: object,
    steps: object,
    guidance: Any,
    resolution: object,
    aspect_ratio: object,
    length: object,
    *method: Any,
) -> Request:
    """The request the controls ask for; a ValueError says what is wrong with it."""
    card = card_of(cards, model)
    return Request(
        model=card.id,
        prompt=prompt,
        method=read_method(card, *method),
        seed=as_whole(seed),  # type: ignore[arg-type]  # checked there, as are the others
        steps=as_whole(steps),  # type: ignore[arg-type]
        guidance=guidance,
        size=read_size(card, resolution, aspect_ratio, length),
    )


def show_request(cards: Mapping[str, ModelCard], request: Request) -> Updates:
    """The controls asking for a request; a ValueError where they cannot say it."""
    card = card_of(cards, request.model)
    chosen, setting, listed, reuse, solver, *settings = values_of(card, request.method)
    *adjusted, about, adacache = shown_for(card, chosen, setting, listed, reuse, solver)
    *picked, sized, said = size_props(card, request.size)
    return [
        gr.update(value=card.id, info=card.needs),
        request.prompt,
        request.seed,
        request.steps,
        request.guidance,
        *picked,
        gr.update(choices=choices(card), value=chosen),
        *adjusted,
        *settings,
        sized,
        said,
        gr.update(groups=group_props(card)),
        about,
        adacache,
    ]


def card_of(cards: Mapping[str, ModelCard], model: object) -> ModelCard:
    if not isinstance(model, str) or model not in cards:
        raise ValueError(f"no model {shown(model)}; there are: {', '.join(cards)}")
    return cards[model]


def _number(label: str, value: float, elem_id: str, **settings: Any) -> gr.Number:
    return gr.Number(value, label=label, elem_id=elem_id, min_width=60, interactive=True, **settings)
