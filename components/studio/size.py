"""The size of the video: resolution, aspect ratio and length, for models that make several."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.common.validation import text
from app.models.base import ModelCard
from app.models.size import Size
from components.shared.web import panel

MAX_SIZE_NAME = 40
LABELS = {"resolution": "Resolution", "aspect_ratio": "Aspect ratio", "length": "Length"}  # by the form's fields


@dataclass(frozen=True)
class SizePanel:
    """Its components; `inputs` by the fields of the form they fill."""

    column: gr.Column
    said: gr.HTML
    inputs: dict[str, gr.Component]


def size_panel(card: ModelCard) -> SizePanel:
    """Build it with a model's own size picked."""
    with gr.Column(elem_id="size", visible=card.sizes is not None) as column:
        with gr.Row(elem_classes="numbers"):
            inputs: dict[str, gr.Component] = {
                name: gr.Dropdown(
                    choices,
                    value=value,
                    label=label,
                    filterable=False,
                    interactive=True,
                    min_width=60,
                    elem_id=name.replace("_", "-"),
                )
                for (name, label), choices, value in zip(
                    LABELS.items(), _choices(card, None), _values(card, None), strict=True
                )
            }
        said = panel("shared/message", "size-said", text=_said(card, None), kind="info")
    return SizePanel(column, said, inputs)


def size_props(card: ModelCard, size: Size | None = None) -> dict[str, Any]:
    """Updates by name that show a size of a model, or its own; a ValueError where the dropdowns cannot say it."""
    dropdowns = {
        name: gr.update(choices=choices, value=value)
        for name, choices, value in zip(LABELS, _choices(card, size), _values(card, size), strict=True)
    }
    return {**dropdowns, "size": gr.update(visible=card.sizes is not None), "size_said": said_props(card, size)}


def said_props(card: ModelCard, size: Size | None) -> Any:
    """The line below: what a choice means in pixels and frames."""
    return gr.update(text=_said(card, size))


def read_size(card: ModelCard, resolution: object, aspect_ratio: object, length: object) -> Size | None:
    """The size picked, none where it is the model's own; what the dropdowns of another model say is nothing."""
    if card.sizes is None:
        return None
    given = {"resolution": resolution, "aspect ratio": aspect_ratio, "length": length}
    for name, value in given.items():
        text(f"the {name}", "" if value is None else value, MAX_SIZE_NAME)
    return card.requested_size(*(str(value or "") for value in given.values()))


def ratio_props(card: ModelCard, resolution: object, aspect_ratio: object) -> Any:
    """An update of the aspect ratio where another resolution was picked that has others: the closest of them."""
    if card.sizes is None or not isinstance(resolution, str) or not isinstance(aspect_ratio, str):
        return gr.skip()
    closest = card.sizes.closest_ratio(resolution, aspect_ratio)
    if closest == aspect_ratio:
        return gr.skip()
    return gr.update(choices=[(name, name) for name in card.sizes.ratios(resolution)], value=closest)


def _choices(card: ModelCard, size: Size | None) -> tuple[list[tuple[str, str]], ...]:
    if card.sizes is None:
        return [], [], []
    table = card.sizes
    ratios = table.ratios(table.names(size or card.size)[0])
    return tuple([(name, name) for name in names] for names in (table.resolutions, ratios, table.usual_lengths))


def _values(card: ModelCard, size: Size | None) -> tuple[str | None, ...]:
    if card.sizes is None:
        if size not in (None, card.size):
            raise ValueError(f"{card.title} makes {card.size} only, got {size}")
        return None, None, None
    return card.sizes.names(size or card.size)


def _said(card: ModelCard, size: Size | None) -> str:
    if card.sizes is None:
        return ""
    size = size or card.size
    time = "an image" if size.frames == 1 else f"{size.frames} frames, {size.frames / card.fps:.1f} s"
    return f"{size.width} × {size.height} pixels, {time}"
