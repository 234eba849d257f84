"""Buttons that set published runs, where the picked model has any; prompt and images stay as they are."""

from collections.abc import Mapping
from dataclasses import dataclass

import gradio as gr

from app.generation.presets import PRESETS
from app.models.base import ModelCard


@dataclass(frozen=True)
class PresetButtons:
    """A button by the id of each preset."""

    row: gr.Row
    buttons: dict[str, gr.Button]


def preset_buttons(card: ModelCard, cards: Mapping[str, ModelCard]) -> PresetButtons:
    """Build those of all models on this page."""
    with gr.Row(elem_id="presets", visible=has_presets(card)) as row:
        buttons = {
            id: gr.Button(preset.title, size="sm", min_width=60, elem_id=id)
            for id, preset in PRESETS.items()
            if preset.model in cards
        }
    return PresetButtons(row, buttons)


def has_presets(card: ModelCard) -> bool:
    """Whether a model has published runs."""
    return any(preset.model == card.id for preset in PRESETS.values())
