"""The method of the accelerated side: picked by name, explained in a paragraph, with its settings.

AdaCache has its own controls, the codebook among them; of the others some take a number, the rest are published.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, get_args

import gradio as gr

from app.caching.distances import Distance
from app.caching.methods.adacache import AdaCacheConfig, Formula, Location, ProbeResidual, ReuseOption
from app.caching.names import SETTINGS
from app.caching.registry import KINDS, Method, MethodKind, kind_of, method_from_json, method_to_json, published
from app.common.validation import as_whole, shown, text
from app.generation.request import MAX_NAME
from app.models.base import ModelCard
from components.shared.codebook import codebook_panel, codebook_props, read_codebook
from components.shared.web import panel

ADACACHE = "adacache"
SEVERAL = "start, mid, end"
AS_THEY_ARE = 0  # "made for" of a codebook whose rates are taken a step at a time, as published
MADE_FOR = [("this number of steps", AS_THEY_ARE), ("30 steps, stretched", 30), ("100 steps, stretched", 100)]
KNOB_LABELS = {"steps": "Steps of the accelerated side"}
KIND = {kind.name: kind for kind in KINDS}


@dataclass(frozen=True)
class MethodPanel:
    """Its components; `inputs` is what `read_method` takes, in its order."""

    choice: gr.Dropdown
    setting: gr.Number
    about: gr.HTML
    adacache: gr.Column
    codebook: gr.HTML
    inputs: list[gr.Component]


def method_panel(card: ModelCard) -> MethodPanel:
    """Build it with AdaCache picked."""
    choice = gr.Dropdown(
        choices(card), value=ADACACHE, label="Method", filterable=False, interactive=True, elem_id="method"
    )
    setting = gr.Number(value=None, label="Setting", visible=False, interactive=True, elem_id="setting")
    about = panel("studio/method", "method-about", **about_props(card, ADACACHE))
    with gr.Column(elem_id="adacache") as adacache:
        codebook = codebook_panel(card.codebook)
        motion = gr.Checkbox(True, label="Motion regularisation", elem_id="motion")
        with gr.Accordion("Advanced", open=False, elem_id="advanced"):
            formula = _choice("Formula", list(get_args(Formula)), "formula")
            distance = _choice("Distance", list(get_args(Distance)), "distance")
            residual = _choice("Probe residual", list(get_args(ProbeResidual)), "residual")
            location = _choice("Probe location", [*get_args(Location), SEVERAL], "location", value="mid")
            reuse = _choice("Reused residual", list(get_args(ReuseOption)), "reuse")
            made_for = gr.Dropdown(
                MADE_FOR, value=AS_THEY_ARE, label="Codebook made for", filterable=False, elem_id="made-for"
            )
    own = [codebook, motion, formula, distance, residual, location, reuse, made_for]
    return MethodPanel(choice, setting, about, adacache, codebook, [choice, setting, *own])


def choices(card: ModelCard) -> list[tuple[str, str]]:
    """Title and id of every method a model can be run with."""
    named = [(item.title, item.id) for item in published(card.id).values()]
    return [(KIND[ADACACHE].title, ADACACHE), *named, *((KIND[kind].title, kind) for kind in SETTINGS)]


def about_props(card: ModelCard, chosen: str) -> dict[str, Any]:
    """What the panel says of a method."""
    kind = _kind(card, chosen)
    settings = published(card.id).get(chosen)
    values = method_to_json(settings.method) if settings else {}
    return {
        "title": kind.title,
        "text": kind.description,
        "source": kind.source,
        "settings": [
            [name.replace("_", " "), json.dumps(value)] for name, value in values.items() if name != "name"
        ],
        "settings_source": settings.source if settings else "",
        "open": chosen != ADACACHE,
    }


def shown_for(card: ModelCard, chosen: str, setting: float | None = None) -> list[Any]:
    """Updates of setting, about and adacache once a method is chosen; the setting has its default or `setting`."""
    name = SETTINGS.get(chosen)
    adjust = gr.update(visible="hidden")
    if name:
        default = getattr(KIND[chosen].config(), name)  # type: ignore[call-arg]  # those with a setting have defaults
        precision = 0 if isinstance(default, int) else 4  # none would leave that of the method before
        adjust = gr.update(
            visible=True,
            label=KNOB_LABELS.get(name, name.capitalize()),
            value=default if setting is None else setting,
            precision=precision,
        )
    about = gr.update(**about_props(card, chosen))
    return [adjust, about, gr.update(visible=True if chosen == ADACACHE else "hidden")]


def read_method(
    card: ModelCard,
    chosen: Any,
    setting: object,
    codebook: object,
    motion: object,
    formula: Formula,
    distance: Distance,
    residual: ProbeResidual,
    location: str,
    reuse: ReuseOption,
    made_for: Any,
) -> Method:
    """The method the controls describe; a ValueError says what is wrong with it."""
    text("the method", chosen, MAX_NAME)
    if chosen in SETTINGS:
        name = SETTINGS[chosen]
        if setting is None:
            raise ValueError(f"the {name} is empty; enter a number")
        return method_from_json({"name": chosen, name: as_whole(setting)})
    if chosen != ADACACHE:
        named = published(card.id)
        if chosen not in named:
            raise ValueError(f"no method {shown(chosen)} for {card.title}; choose one of the list")
        return named[chosen].method
    if not isinstance(motion, bool):
        raise ValueError(f"motion regularisation is on or off, got {shown(motion)}")
    return AdaCacheConfig(
        codebook=read_codebook(codebook),
        formula=formula,
        distance=distance,
        residual=residual,
        locations=_blocks(card) if location == SEVERAL else location,  # type: ignore[arg-type]  # checked there
        motion=card.motion if motion else None,
        reuse=reuse,
        made_for=as_whole(made_for) or None,  # type: ignore[arg-type]  # checked there
    )


def values_of(card: ModelCard, method: Method) -> list[Any]:
    """What `read_method` reads as this method; a ValueError where the controls cannot say it."""
    skip = [gr.skip()] * 8
    if isinstance(method, AdaCacheConfig):
        if method.motion not in (None, card.motion):
            raise ValueError(f"its motion regularisation is not that of {card.title}")
        location = SEVERAL if method.locations == _blocks(card) else method.locations
        made_for = method.made_for or AS_THEY_ARE
        if not isinstance(location, str) or made_for not in dict(MADE_FOR).values():
            raise ValueError("its probe location or step count is not among those of this page")
        options = [method.formula, method.distance, method.residual, location, method.reuse, made_for]
        return [ADACACHE, None, codebook_props(method.codebook), method.motion is not None, *options]
    for item in published(card.id).values():
        if item.method == method:
            return [item.id, None, *skip]
    kind = kind_of(method).name
    setting = SETTINGS.get(kind)
    if setting is None or method_from_json({"name": kind, setting: getattr(method, setting)}) != method:
        raise ValueError(f"its settings of {kind_of(method).title} are not among those of this page")
    return [kind, getattr(method, setting), *skip]


def title_of(method: Method, model: str) -> str:
    """What a run's accelerated side is called."""
    for item in published(model).values():
        if item.method == method:
            return item.title
    kind = kind_of(method)
    setting = SETTINGS.get(kind.name)
    short = kind.title.split(" (")[0]
    return f"{short}, {getattr(method, setting):g}" if setting else short


def threshold_of(method: Method) -> float:
    """The one threshold of a method that compares distances without a codebook; 0 for the others."""
    return next((method.threshold for field in fields(method) if field.name == "threshold"), 0.0)  # type: ignore[union-attr]


def _kind(card: ModelCard, chosen: str) -> MethodKind:
    settings: Mapping[str, Any] = published(card.id)
    return kind_of(settings[chosen].method) if chosen in settings else KIND.get(chosen, KIND[ADACACHE])


def _blocks(card: ModelCard) -> tuple[int, ...]:
    return (0, (card.depth - 1) // 2, card.depth - 1)


def _choice(label: str, options: list[str], elem_id: str, value: str | None = None) -> gr.Dropdown:
    return gr.Dropdown(options, value=value or options[0], label=label, filterable=False, elem_id=elem_id)
