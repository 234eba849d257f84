"""The header: the name, what AdaCache does, which model runs on which device, and light or dark."""

import gradio as gr

from components.shared.web import panel

SENTENCE = (
    "AdaCache makes a video diffusion transformer faster without training: it reuses residuals of earlier "
    "denoising steps for as long as they change little."
)


def header(model: str, device: str, state: str) -> gr.HTML:
    """The panel; `state` is updated while the model loads."""
    return panel("shared/header", "header", sentence=SENTENCE, model=model, device=device, state=state)
