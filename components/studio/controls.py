"""The controls: what is asked of which model, with which method; Generate, Stop, and a link to all of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr

from app.caching.codebook import presets
from app.common.validation import as_whole, shown
from app.generation.presets import PRESETS
from app.generation.request import Request, random_seed
from app.jobs.runner import JobRunner
from app.models.base import ModelCard
from app.models.condition_image import PLACES
from app.runs.codebooks import CodebookStore
from components.shared.codebook import codebook_props
from components.shared.web import answered, panel
from components.studio.extension import extension_panel
from components.studio.form import FIELDS, Form
from components.studio.images import images_panel
from components.studio.made_for import fit_of
from components.studio.method import (
    ADACACHE,
    choice_of,
    choices,
    measuring,
    method_panel,
    motion_props,
    read_method,
    shown_for,
    values_of,
)
from components.studio.presets import has_presets, preset_buttons
from components.studio.prompts import PromptPanel, group_props, prompt_panel, wire_prompt
from components.studio.queue import queue_panel
from components.studio.settings import read_settings, settings_panel, settings_props
from components.studio.size import SizePanel, read_size, size_panel, size_props

Updates = list[Any]
SHOWN = (
    *FIELDS,
    "size",
    "size_said",
    "offered",
    "images",
    "extension",
    "presets",
    "library",
    "about",
    "adacache",
)  # all that settings change


@dataclass(frozen=True)
class Controls:
    """Components the page wires: `inputs` by the fields of the form, `shown` by name all that settings change."""

    prompt: PromptPanel
    model: gr.Dropdown
    size: SizePanel
    inputs: dict[str, gr.Component]
    shown: dict[str, Any]
    reuse: gr.Checkbox
    generate: gr.Button
    stop: gr.Button
    queue: gr.HTML
    message: gr.HTML
    share: gr.HTML
    presets: dict[str, gr.Button]
    calibrate: gr.HTML


def controls(
    card: ModelCard, cards: Mapping[str, ModelCard], runner: JobRunner, codebooks: CodebookStore
) -> Controls:
    """Build the column with a model's own settings filled in."""

    def unlike(asked: Any) -> dict[str, Any]:
        return answered(partial(fit_of, cards), asked)

    prompt = prompt_panel(card)
    with gr.Row(elem_id="run-buttons"):
        generate = gr.Button("Generate", variant="primary", elem_id="generate", scale=3, min_width=60)
        stop = gr.Button("Stop", elem_id="stop", interactive=False, scale=2, min_width=60)
    reuse = gr.Checkbox(True, label="Reuse the baseline of an earlier run", elem_id="reuse-baseline")
    message = panel("shared/message", "message", refusal="", text="", kind="info", notice="", notice_kind="info")
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
        images = images_panel(card, runner.store)
        extension = extension_panel(card, runner.store)
        settings = settings_panel(card)
        presets_row = preset_buttons(card, cards)
        method = method_panel(card, unlike, codebooks)
        share = panel("studio/share", "share", link="", run="", error="", asked=0)
    dice.click(random_seed, None, seed, show_progress="hidden", api_visibility="private")
    given = {"model": model, "prompt": prompt.text, "seed": seed, "steps": steps, "guidance": guidance}
    inputs = given | size.inputs | images.inputs | extension.inputs | settings.inputs | method.inputs
    also = {
        "size": size.column,
        "size_said": size.said,
        "offered": settings.group,
        "images": images.row,
        "extension": extension.row,
        "presets": presets_row.row,
        "library": prompt.library,
    }
    shown = inputs | also | {"about": method.about, "adacache": method.adacache}
    return Controls(
        prompt=prompt,
        model=model,
        size=size,
        inputs={name: inputs[name] for name in FIELDS},
        shown={name: shown[name] for name in SHOWN},
        reuse=reuse,
        generate=generate,
        stop=stop,
        queue=queue,
        message=message,
        share=share,
        presets=presets_row.buttons,
        calibrate=method.calibrate,
    )


def wire_controls(built: Controls, cards: Mapping[str, ModelCard], quiet: dict[str, Any]) -> None:
    """Another model brings its own settings and methods, and the prompt stays; another method its own controls."""
    quiet = {**quiet, "queue": False, "preprocess": False}

    def settings_of(model: object) -> Updates:
        card = card_of(cards, model)
        return shown_updates(
            model=gr.update(info=card.needs),
            library=gr.update(groups=group_props(card)),
            steps=card.steps,
            guidance=card.guidance,
            method=gr.update(choices=choices(card), value=ADACACHE),
            codebook=codebook_props(presets()[card.codebook].codebook),
            motion=gr.update(**motion_props(card)),
            presets=gr.update(visible=has_presets(card)),
            **size_props(card),
            **settings_props(card),
            **shown_for(card, ADACACHE),
        )

    def method_of(model: object, chosen: object) -> Updates:
        card = card_of(cards, model)
        known = [id for _, id in choices(card)]
        return shown_updates(**shown_for(card, chosen if chosen in known else ADACACHE))

    def measured_of(measured: object) -> Updates:
        return shown_updates(**measuring(measured))

    def preset_of(id: str) -> Updates:
        request = PRESETS[id].request(cards[PRESETS[id].model].example_prompts[0])
        return show_request(cards, request, kept=("prompt", *PLACES))

    for id, button in built.presets.items():
        button.click(partial(preset_of, id), None, list(built.shown.values()), **quiet)
    method, shown = built.inputs["method"], list(built.shown.values())
    built.inputs["residual"].input(measured_of, built.inputs["residual"], shown, **quiet)  # type: ignore[attr-defined]
    built.model.input(settings_of, built.model, shown, **quiet)
    method.input(method_of, [built.model, method], shown, **quiet)  # type: ignore[attr-defined]  # a dropdown
    wire_prompt(built.prompt, built.model, quiet)


def read_request(cards: Mapping[str, ModelCard], form: Form) -> Request:
    """The request the controls ask for; a ValueError says what is wrong with it."""
    card = card_of(cards, form.model)
    size = read_size(card, form.resolution, form.aspect_ratio, form.length)
    return Request(
        model=card.id,
        prompt=form.prompt,
        method=read_method(card, form),
        seed=as_whole(form.seed),  # type: ignore[arg-type]  # checked there, as are the others
        steps=as_whole(form.steps),  # type: ignore[arg-type]
        guidance=form.guidance,
        size=size,
        **vars(read_settings(card, form, size)),
    )


def show_request(cards: Mapping[str, ModelCard], request: Request, kept: Sequence[str] = ()) -> Updates:
    """Updates with which the controls ask for a request, but for what is kept; a ValueError where they cannot."""
    card = card_of(cards, request.model)
    values = values_of(card, request.method)
    chosen = choice_of(card, request.method)
    updates = {
        "model": gr.update(value=card.id, info=card.needs),
        "prompt": request.prompt,
        "seed": request.seed,
        "steps": request.steps,
        "guidance": request.guidance,
        "method": gr.update(choices=choices(card), value=chosen),
        "library": gr.update(groups=group_props(card)),
        "presets": gr.update(visible=has_presets(card)),
        **size_props(card, request.size),
        **settings_props(card, request.settings(), request.size),
        **shown_for(card, chosen, request.method),
        **values,
    }
    return shown_updates(**{name: update for name, update in updates.items() if name not in kept})


def shown_updates(**updates: Any) -> Updates:
    """Updates of all that settings change, in its order; what is not named stays."""
    return [updates.get(name, gr.skip()) for name in SHOWN]


def card_of(cards: Mapping[str, ModelCard], model: object) -> ModelCard:
    if not isinstance(model, str) or model not in cards:
        raise ValueError(f"no model {shown(model)}; there are: {', '.join(cards)}")
    return cards[model]


def _number(label: str, value: float, elem_id: str, **settings: Any) -> gr.Number:
    return gr.Number(value, label=label, elem_id=elem_id, min_width=60, interactive=True, **settings)
