"""Opening the page: a link's run or its settings; else the settings and the run of this browser's last visit.

Addresses are written by strangers and what a browser remembers may be of an older page: both are checked here.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

from app.common.sentences import sentence
from app.common.validation import shown, text
from app.generation.request import MAX_PROMPT, Request
from app.models.base import ModelCard
from app.runs.share_card import read_settings
from app.runs.store import RunStore
from components.studio.charts import charts_props
from components.studio.controls import read_request, show_request, shown_updates
from components.studio.form import Form
from components.studio.prompts import foreseen
from components.studio.reopening import reopen
from components.studio.share import PARAMETER, from_query
from components.studio.video_panel import stage_props
from components.studio.view import unmade

Updates = list[Any]  # for: the controls, stage, charts, words, message
NO_RUN = "This link's run is not kept here; Generate makes it."


def opened(
    store: RunStore,
    cards: Mapping[str, ModelCard],
    visitor: str,
    asked: Mapping[str, Any],
    busy: bool,
) -> Updates:
    """Updates of the controls and all panels; `busy`: a run of this visitor goes and is about to be shown.

    asked: "settings" and "run" of the address, "remembered" values of the controls' inputs, and the ids of the
    run "shown" last and of the latest that ended "unread".
    """
    if asked.get(PARAMETER) or asked.get("run"):
        return _linked(store, cards, visitor, asked)
    settings = _remembered(cards, asked.get("remembered"))
    try:
        run = None if busy else store.get(asked.get("unread") or asked.get("shown"), visitor)
    except ValueError:
        run = None
    if run is None or run.request.model not in cards:
        return [*settings, *[gr.skip()] * 4]
    return [*settings, *reopen(run, cards)[len(settings) :]]


def of_card(store: RunStore, cards: Mapping[str, ModelCard], visitor: str, settings: object) -> Updates:
    """Updates for the settings of a share card, and their run where the visitor has it, or a ValueError."""
    request = read_settings(settings if isinstance(settings, str) else "")
    if request.model not in cards:
        raise ValueError(f"the model of this share card, {shown(request.model)}, is not here")
    return of_request(store, cards, visitor, request)


def of_request(store: RunStore, cards: Mapping[str, ModelCard], visitor: str, request: Request) -> Updates:
    """Updates for a request, and its run where the visitor has it; a ValueError for what the page cannot say."""
    run = store.find(request, visitor)
    return reopen(run, cards) if run else _unmade(request, cards, gone=False)


def _linked(store: RunStore, cards: Mapping[str, ModelCard], visitor: str, asked: Mapping[str, Any]) -> Updates:
    try:
        if not asked.get(PARAMETER):
            return reopen(store.get(asked.get("run"), visitor), cards)
        request = from_query(str(asked[PARAMETER]))
        run = store.linked(asked.get("run"), request) or store.find(request, visitor)
        return reopen(run, cards) if run else _unmade(request, cards, bool(asked.get("run")))
    except ValueError as error:
        said = f"{sentence(error)} The page has its usual settings."
        return [*shown_updates(), *[gr.skip()] * 3, gr.update(text=said, kind="error")]


def _unmade(request: Request, cards: Mapping[str, ModelCard], gone: bool) -> Updates:
    """The settings of a link beside empty panels: no other run's pictures stand under them."""
    settings = show_request(cards, request)
    card = cards[request.model]
    view = unmade(request, card.motion)
    return [
        *settings,
        gr.update(**stage_props(view, card)),
        gr.update(**charts_props(view, card)),
        gr.update(**foreseen(request.model, request.prompt)),
        gr.update(text=NO_RUN if gone else "", kind="info"),
    ]


def _remembered(cards: Mapping[str, ModelCard], values: object) -> Updates:
    """The controls as they were left; where those settings no longer fit, the prompt alone."""
    if not isinstance(values, Sequence) or isinstance(values, str):
        return shown_updates()
    try:
        form = Form.of(values)
    except ValueError:  # of an older page
        return shown_updates()
    try:
        return show_request(cards, read_request(cards, form))
    except (ValueError, TypeError, AttributeError):
        try:
            text("the prompt", form.prompt, MAX_PROMPT)
        except ValueError:
            return shown_updates()
        return shown_updates(prompt=form.prompt)
