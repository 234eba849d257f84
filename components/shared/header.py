"""The header: the name, what AdaCache does, which model runs on which device, and light or dark."""

from collections.abc import Sequence

import gradio as gr

from components.rooms import Room
from components.shared.web import panel

SENTENCE = (
    "AdaCache makes a video diffusion transformer faster without training: it reuses residuals of earlier "
    "denoising steps for as long as they change little."
)


def header(model: str, device: str, state: str, rooms: Sequence[Room]) -> gr.HTML:
    """The panel with a tab for each room; `state` is updated while the model loads."""
    tabs = [{"id": room.id, "title": room.title} for room in rooms]
    return panel("shared/header", "header", sentence=SENTENCE, model=model, device=device, state=state, rooms=tabs)
