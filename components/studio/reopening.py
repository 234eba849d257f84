"""A run shown again in the Studio: its settings in the controls, its measurements in the panels."""

from collections.abc import Mapping
from typing import Any

import gradio as gr

from app.models.base import ModelCard
from app.runs.run import Run
from components.studio.charts import charts_props
from components.studio.controls import show_request, shown_updates
from components.studio.prompts import told
from components.studio.video_panel import stage_props
from components.studio.view import reopened


def reopen(run: Run, cards: Mapping[str, ModelCard]) -> list[Any]:
    """Updates for: the controls, stage, charts, words, message. A ValueError says why it cannot be shown."""
    request = run.request
    if request.model not in cards:
        raise ValueError(f"the model of this run, {request.model}, is not here; it can be compared and exported")
    said = ""
    try:
        settings = show_request(cards, request)
    except ValueError as error:
        settings = shown_updates()
        said = f"The controls are not those of this run: {error}."
    card = cards[request.model]
    view = reopened(run, card.motion)
    return [
        *settings,
        gr.update(**stage_props(view, card)),
        gr.update(**charts_props(view, card)),
        gr.update(**told(request.model, request.prompt, view.understood, view.ignored)),
        gr.update(text=said, kind="info"),
    ]
