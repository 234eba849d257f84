"""The method of the accelerated side: when a step is computed, and what stands in where it is not.

AdaCache has its own controls, the codebook among them; of the others some take a number, the rest are published.
"""

import json
from dataclasses import dataclass
from typing import Any, get_args

import gradio as gr

from app.caching.distances import Distance
from app.caching.latent_signals import LATENT_SIGNALS
from app.caching.method import REUSES, SOLVERS, Method, MethodKind, ReuseOption, Solver, WholeStackMethod
from app.caching.methods.adacache import PROBES, AdaCacheConfig, Location
from app.caching.methods.listed_steps import ListedStepsConfig
from app.caching.motion import Formula
from app.caching.names import named_method, with_option
from app.caching.registry import kind_of, kinds, method_to_json, published
from app.caching.titles import decide_alike
from app.common.validation import MAX_WHOLE, as_whole, number, shown, text
from app.generation.request import MAX_NAME
from app.models.base import ModelCard
from app.runs.codebooks import CodebookStore
from components.shared.codebook import codebook_panel, codebook_props, read_codebook
from components.shared.web import panel
from components.studio.form import Form

ADACACHE = "adacache"
LISTED = "steps"
MAX_LISTED = 5000  # characters of a list of steps
SEVERAL = "start, mid, end"
AS_THEY_ARE = 0  # "made for" of a codebook whose rates are taken a step at a time, as published
MADE_FOR = [("this number of steps", AS_THEY_ARE), ("30 steps, stretched", 30), ("100 steps, stretched", 100)]


@dataclass(frozen=True)
class MethodPanel:
    """Its components; `inputs` by the fields of the form they fill."""

    about: gr.HTML
    adacache: gr.Column
    calibrate: gr.HTML
    inputs: dict[str, gr.Component]


def method_panel(card: ModelCard, codebooks: CodebookStore) -> MethodPanel:
    """Build it with AdaCache picked; `codebooks` are those that visitors have calibrated."""
    choice = gr.Dropdown(
        choices(card), value=ADACACHE, label="Method", filterable=False, interactive=True, elem_id="method"
    )
    setting = gr.Number(value=None, label="Setting", visible=False, interactive=True, elem_id="setting")
    listed = gr.Textbox("", label="Computed steps", visible=False, interactive=True, elem_id="listed-steps")
    reuse = _named("In skipped steps", REUSES, "reuse")
    solver = _named("Solver", SOLVERS, "solver", visible=card.flow)
    about = panel("studio/method", "method-about", **about_props(card, ADACACHE))
    with gr.Column(elem_id="adacache") as adacache:
        codebook = codebook_panel(card.codebook, codebooks)
        calibrate = panel("studio/calibrate", "calibrate", events=("calibrate", "stop_calibrating"), made={})
        motion = gr.Checkbox(label="Motion regularisation", elem_id="motion", **motion_props(card))
        with gr.Accordion("Advanced", open=False, elem_id="advanced"):
            formula = _choice("Formula", list(get_args(Formula)), "formula")
            distance = _choice("Distance", list(get_args(Distance)), "distance")
            residual = _choice("Measured", list(PROBES), "residual")
            location = _choice("Probe location", [*get_args(Location), SEVERAL], "location", value="mid")
            made_for = gr.Dropdown(
                MADE_FOR, value=AS_THEY_ARE, label="Codebook made for", filterable=False, elem_id="made-for"
            )
    inputs = {
        "method": choice,
        "setting": setting,
        "listed_steps": listed,
        "reuse": reuse,
        "solver": solver,
        "codebook": codebook,
        "motion": motion,
        "formula": formula,
        "distance": distance,
        "residual": residual,
        "location": location,
        "made_for": made_for,
    }
    return MethodPanel(about, adacache, calibrate, inputs)


def motion_props(card: ModelCard) -> dict[str, Any]:
    """Whether motion regularisation starts on, and why it does not."""
    unfit = "Its constants are Open-Sora's, not this model's; a codebook calibrated for it brings its own."
    return {"value": card.motion_fits, "info": "" if card.motion_fits else unfit}


def choices(card: ModelCard) -> list[tuple[str, str]]:
    """Title and id of every method a model can be run with, its published settings after AdaCache."""
    able = {name: kind for name, kind in kinds().items() if not card.refusal(kind)}
    named = [(item.title, item.id) for item in published(card.id).values() if kind_of(item.method).name in able]
    plain = [(kind.title, name) for name, kind in able.items() if kind.setting or name == LISTED]
    return [(able[ADACACHE].title, ADACACHE), *plain, *((title, id) for title, id in named if id not in able)]


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


def shown_for(
    card: ModelCard,
    chosen: str,
    setting: float | None = None,
    listed: str | None = None,
    reuse: ReuseOption | None = None,
    solver: Solver = "own",
) -> dict[str, Any]:
    """Updates by name of what a chosen method needs shown; none of a value is its default."""
    kind = _kind(card, chosen)
    numbered = chosen == kind.name and bool(kind.setting)
    hidden = gr.update(visible="hidden")
    adjust, list_update, reuse_update = hidden, hidden, hidden
    if numbered:
        default = getattr(named_method(chosen, card.id), kind.setting)
        adjust = gr.update(
            visible=True,
            label=kind.label,
            value=default if setting is None else setting,
            precision=0 if isinstance(default, int) else 4,  # none would leave that of the method before
        )
    if chosen == LISTED:
        evenly = "-".join(map(str, range(1, card.steps + 1, 3)))
        list_update = gr.update(visible=True, value=evenly if listed is None else listed)
    if kind.takes_reuse:
        own = "hold" if chosen == ADACACHE else getattr(_default(card, chosen), "reuse", "hold")
        reuse_update = gr.update(visible=True, value=reuse or own)
    return {
        "setting": adjust,
        "listed_steps": list_update,
        "reuse": reuse_update,
        "solver": gr.update(visible=True if card.flow else "hidden", value=solver),
        "about": gr.update(**about_props(card, chosen)),
        "adacache": gr.update(visible=True if chosen == ADACACHE else "hidden"),
    }


def measuring(measured: object) -> dict[str, Any]:
    """Updates by name where what is measured changes: latent signals have their distance and no motion."""
    if measured in LATENT_SIGNALS:
        return {"distance": "l2", "motion": False}
    return {"distance": "l1"}


def read_method(card: ModelCard, form: Form) -> Method:
    """The method the controls describe; a ValueError says what is wrong with it."""
    for name, value, most in (
        ("method", form.method, MAX_NAME),
        ("steps", form.listed_steps, MAX_LISTED),
        ("reuse", form.reuse, MAX_NAME),
        ("solver", form.solver, MAX_NAME),
    ):
        text(f"the {name}", value, most)
    method = _schedule_of(card, form)
    if isinstance(method, WholeStackMethod):
        method = with_option(method, form.reuse)
    return with_option(method, form.solver) if card.flow else method


def values_of(card: ModelCard, method: Method) -> dict[str, Any]:
    """What `read_method` reads as this method, by field; a ValueError where the controls cannot say it."""
    reuse = method.reuse if isinstance(method, WholeStackMethod) else "hold"
    how = {"setting": None, "listed_steps": "", "reuse": reuse, "solver": method.solver}
    if isinstance(method, AdaCacheConfig):
        return {"method": ADACACHE, **how, **_adacache_values(card, method)}
    if isinstance(method, ListedStepsConfig):
        return {"method": LISTED, **how, "listed_steps": "-".join(map(str, method.steps))}
    kind = kind_of(method)
    if kind.setting:
        value = getattr(method, kind.setting)
        if decide_alike(named_method(numbered_name(kind.name, value), card.id), method):
            return {"method": kind.name, **how, "setting": value}
    for item in published(card.id).values():
        if decide_alike(item.method, method):
            return {"method": item.id, **how}
    raise ValueError(f"its settings of {kind.title} are not among those of this page")


def numbered_name(kind: str, value: float) -> str:
    """The name of a method with a number: whole ones without a point."""
    return f"{kind}-{int(value) if float(value).is_integer() else value!r}"


def _schedule_of(card: ModelCard, form: Form) -> Method:
    chosen = form.method
    if chosen == ADACACHE:
        if not isinstance(form.motion, bool):
            raise ValueError(f"motion regularisation is on or off, got {shown(form.motion)}")
        codebook = read_codebook(form.codebook)
        return AdaCacheConfig(
            codebook=codebook,
            formula=form.formula,
            distance=form.distance,
            residual=form.residual,
            locations=_blocks(card) if form.location == SEVERAL else form.location,
            motion=(codebook.motion or card.motion) if form.motion else None,
            made_for=as_whole(form.made_for) or None,  # type: ignore[arg-type]  # checked there
        )
    if chosen == LISTED:
        steps = form.listed_steps.replace(",", " ").replace("-", " ").split()
        return named_method(f"{LISTED}-{'-'.join(steps)}", card.id)
    if chosen in kinds() and kinds()[chosen].setting:
        if form.setting is None:
            raise ValueError(f"the {kinds()[chosen].setting} is empty; enter a number")
        number("the setting", form.setting, -MAX_WHOLE, MAX_WHOLE)
        return named_method(numbered_name(chosen, form.setting), card.id)
    if chosen in published(card.id):
        return published(card.id)[chosen].method
    raise ValueError(f"no method {shown(chosen)} for {card.title}; choose one of the list")


def _adacache_values(card: ModelCard, method: AdaCacheConfig) -> dict[str, Any]:
    if method.motion not in (None, method.codebook.motion or card.motion):
        raise ValueError(f"its motion regularisation is not that of {card.title}")
    location = SEVERAL if method.locations == _blocks(card) else method.locations
    made_for = method.made_for or AS_THEY_ARE
    if not isinstance(location, str) or made_for not in dict(MADE_FOR).values():
        raise ValueError("its probe location or step count is not among those of this page")
    return {
        "codebook": codebook_props(method.codebook),
        "motion": method.motion is not None,
        "formula": method.formula,
        "distance": method.distance,
        "residual": method.residual,
        "location": location,
        "made_for": made_for,
    }


def _kind(card: ModelCard, chosen: str) -> MethodKind:
    settings = published(card.id)
    return kind_of(settings[chosen].method) if chosen in settings else kinds().get(chosen, kinds()[ADACACHE])


def _default(card: ModelCard, chosen: str) -> Method | None:
    """A method as it is without a word on its number, reuse and solver."""
    if chosen in published(card.id):
        return published(card.id)[chosen].method
    return named_method(chosen, card.id) if kinds()[chosen].setting else None


def _blocks(card: ModelCard) -> tuple[int, ...]:
    return (0, (card.depth - 1) // 2, card.depth - 1)


def _choice(label: str, options: list[str], elem_id: str, value: str | None = None) -> gr.Dropdown:
    return gr.Dropdown(options, value=value or options[0], label=label, filterable=False, elem_id=elem_id)


def _named(label: str, titles: dict[Any, str], elem_id: str, *, visible: bool = True) -> gr.Dropdown:
    options = [(title, name) for name, title in titles.items()]
    return gr.Dropdown(
        options, value=options[0][1], label=label, filterable=False, elem_id=elem_id, visible=visible, min_width=60
    )
