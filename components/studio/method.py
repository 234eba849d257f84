"""The method of the accelerated side: when a step is computed, and what stands in where it is not.

AdaCache has its own controls, the codebook among them; the others have a field for each of their settings.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

import gradio as gr

from app.caching.distances import Distance
from app.caching.latent_signals import LATENT_SIGNALS
from app.caching.method import REUSES, SOLVERS, Method, WholeStackMethod
from app.caching.methods.adacache import PROBES, AdaCacheConfig, Location
from app.caching.motion import Formula
from app.caching.names import with_option
from app.caching.registry import kind_of, kinds, published
from app.caching.titles import decide_alike
from app.common.validation import as_whole, shown, text
from app.generation.request import MAX_NAME
from app.models.base import ModelCard
from app.runs.codebooks import CodebookStore
from components.shared.codebook import codebook_panel, codebook_props, read_codebook
from components.shared.web import panel
from components.studio.form import Form
from components.studio.method_fields import as_it_comes, fields_props, kind_chosen, method_fields, read_fields

ADACACHE = "adacache"
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


def method_panel(
    card: ModelCard, unlike: Callable[[Any], dict[str, Any]], codebooks: CodebookStore
) -> MethodPanel:
    """Build it with AdaCache picked; `codebooks` are those that visitors have calibrated.

    `unlike` answers how settings differ from those the codebook was made for.
    """
    choice = gr.Dropdown(
        choices(card), value=ADACACHE, label="Method", filterable=False, interactive=True, elem_id="method"
    )
    fields = method_fields(card, ADACACHE)
    reuse = _named("In skipped steps", REUSES, "reuse")
    solver = _named("Solver", SOLVERS, "solver", visible=card.flow)
    about = panel("studio/method", "method-about", **about_props(card, ADACACHE))
    with gr.Column(elem_id="adacache") as adacache:
        codebook = codebook_panel(card.codebook, unlike, codebooks)
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
        "method_settings": fields,
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
    plain = [(kind.title, name) for name, kind in able.items() if kind.fields]
    return [(able[ADACACHE].title, ADACACHE), *plain, *((title, id) for title, id in named if id not in able)]


def about_props(card: ModelCard, chosen: str) -> dict[str, Any]:
    """What the panel says of a method."""
    kind = kind_chosen(card, chosen)
    settings = published(card.id).get(chosen)
    return {
        "title": kind.title,
        "text": kind.description,
        "source": kind.source,
        "settings_source": settings.source if settings else "",
        "open": chosen != ADACACHE,
    }


def shown_for(card: ModelCard, chosen: str, method: Method | None = None) -> dict[str, Any]:
    """Updates by name of what a chosen method needs shown: as it comes, or with the settings of a method."""
    kind = kind_chosen(card, chosen)
    if method is None and chosen != ADACACHE:
        method = as_it_comes(card, chosen)
    reuse = method.reuse if isinstance(method, WholeStackMethod) else "hold"
    solver = method.solver if method is not None else "own"
    return {
        "method_settings": gr.update(**fields_props(card, chosen, method)),
        "reuse": gr.update(visible=True, value=reuse) if kind.takes_reuse else gr.update(visible="hidden"),
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
    for name, value in (("method", form.method), ("reuse", form.reuse), ("solver", form.solver)):
        text(f"the {name}", value, MAX_NAME)
    adaptive = form.method == ADACACHE
    method = _adacache(card, form) if adaptive else read_fields(card, form.method, form.method_settings)
    if isinstance(method, WholeStackMethod):
        method = with_option(method, form.reuse)
    return with_option(method, form.solver) if card.flow else method


def choice_of(card: ModelCard, method: Method) -> str:
    """The choice whose settings, once changed perhaps, are this method: a published one, else its kind."""
    if isinstance(method, AdaCacheConfig):
        return ADACACHE
    alike = (item.id for item in published(card.id).values() if decide_alike(item.method, method))
    return next(alike, kind_of(method).name)


def values_of(card: ModelCard, method: Method) -> dict[str, Any]:
    """AdaCache's controls by field, none for other methods; a ValueError where they cannot say it."""
    if not isinstance(method, AdaCacheConfig):
        return {}
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


def _adacache(card: ModelCard, form: Form) -> AdaCacheConfig:
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


def _blocks(card: ModelCard) -> tuple[int, ...]:
    return (0, (card.depth - 1) // 2, card.depth - 1)


def _choice(label: str, options: list[str], elem_id: str, value: str | None = None) -> gr.Dropdown:
    return gr.Dropdown(options, value=value or options[0], label=label, filterable=False, elem_id=elem_id)


def _named(label: str, titles: dict[Any, str], elem_id: str, *, visible: bool = True) -> gr.Dropdown:
    options = [(title, name) for name, title in titles.items()]
    return gr.Dropdown(
        options, value=options[0][1], label=label, filterable=False, elem_id=elem_id, visible=visible, min_width=60
    )
