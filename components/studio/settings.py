"""What some models let a run choose: negative prompt, precision, flow shift, scores; each where it is offered."""

from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from app.models.base import ModelCard
from app.models.condition_image import PLACES
from app.models.settings import (
    CAMERA_MOTIONS,
    EXTENSION,
    MAX_AESTHETIC,
    MAX_FLOW_SHIFT,
    MAX_MOTION_SCORE,
    MAX_NEGATIVE_PROMPT,
    MIN_FLOW_SHIFT,
    NAMES,
    Settings,
)
from app.models.size import Size
from components.studio.extension import asked_extension
from components.studio.form import Form

DEVICES_OWN = ("The device's own", "")
NOT_SET = "not set"
ELSEWHERE = (*PLACES, *EXTENSION)  # settings with a place of their own
OWN = Settings()


@dataclass(frozen=True)
class SettingsPanel:
    """Its components; `inputs` by the fields of the form they fill."""

    group: gr.Accordion
    inputs: dict[str, gr.Component]


def settings_panel(card: ModelCard) -> SettingsPanel:
    """Build it with a model's own settings."""
    shown = _shown(card, OWN)
    offered = _offered(card)
    with gr.Accordion("Model settings", open=False, elem_id="model-settings", visible=offered) as group:
        inputs: dict[str, gr.Component] = {
            "negative_prompt": gr.Textbox(
                label="Negative prompt",
                info="Guidance above 1 leads away from it.",
                lines=3,
                max_lines=6,
                max_length=MAX_NEGATIVE_PROMPT,
                interactive=True,
                elem_id="negative-prompt",
                **shown["negative_prompt"],
            ),
            "precision": gr.Dropdown(
                label="Precision",
                info="Own: bfloat16 on a GPU, float32 on a CPU.",
                filterable=False,
                interactive=True,
                elem_id="precision",
                **shown["precision"],
            ),
            "flow_shift": gr.Number(
                label="Flow shift",
                info="Larger: more of the steps at high noise.",
                minimum=MIN_FLOW_SHIFT,
                maximum=MAX_FLOW_SHIFT,
                interactive=True,
                elem_id="flow-shift",
                **shown["flow_shift"],
            ),
            "aesthetic": gr.Number(
                label="Aesthetic score",
                info="Stated in the caption; above 6 is advised.",
                minimum=0,
                maximum=MAX_AESTHETIC,
                placeholder=NOT_SET,
                interactive=True,
                elem_id="aesthetic",
                **shown["aesthetic"],
            ),
            "motion_score": gr.Number(
                label="Motion score",
                info="Likewise: larger moves more, and blurs more.",
                minimum=0,
                maximum=MAX_MOTION_SCORE,
                placeholder=NOT_SET,
                interactive=True,
                elem_id="motion-score",
                **shown["motion_score"],
            ),
            "camera_motion": gr.Dropdown(
                [(NOT_SET, ""), *((name, name) for name in CAMERA_MOTIONS)],
                label="Camera motion",
                info="Likewise; the model does not always follow it.",
                filterable=False,
                interactive=True,
                elem_id="camera-motion",
                **shown["camera_motion"],
            ),
        }
    return SettingsPanel(group, inputs)


def settings_props(card: ModelCard, settings: Settings = OWN, size: Size | None = None) -> dict[str, Any]:
    """Updates by name that show settings of a model and a size; a ValueError where it has no such setting."""
    shown = _shown(card, card.requested_settings(settings, size))
    fields = {name: gr.update(**props) for name, props in shown.items()}
    changed = replace(settings, **dict.fromkeys(ELSEWHERE)) != OWN
    return {
        **fields,
        "offered": gr.update(visible=_offered(card), open=changed),
        "images": gr.update(visible=bool(card.images)),
        "extension": gr.update(visible=card.chunk is not None),
    }


def read_settings(card: ModelCard, form: Form, size: Size | None = None) -> Settings:
    """The settings asked for, none where they are the model's own; what hidden fields say is nothing."""
    given = {name: getattr(form, name) for name in NAMES if name in card.settings and name not in EXTENSION}
    given |= {name: given.get(name) or None for name in ("precision", "camera_motion", *PLACES)}
    if card.chunk:
        given |= asked_extension(card, form.extends, form.overlap)
    return card.requested_settings(Settings(**given), size)


def _offered(card: ModelCard) -> bool:
    """Whether the model has settings beside those with a place of their own."""
    return any(name not in ELSEWHERE for name in card.settings)


def _shown(card: ModelCard, settings: Settings) -> dict[str, dict[str, Any]]:
    """Value and visibility of each field, and the choices of precision."""
    values: dict[str, Any] = {
        "negative_prompt": card.negative_prompt or "",
        "precision": "",
        "flow_shift": card.flow_shift,
        "aesthetic": card.aesthetic,
        "motion_score": None,
        "camera_motion": "",
        "image": "",
        "last_image": "",
        "extends": "",
        "overlap": card.overlap,
        **settings.given,
    }
    shown = {name: {"value": value, "visible": name in card.settings} for name, value in values.items()}
    shown["precision"]["choices"] = [DEVICES_OWN, *((name, name) for name in card.precisions)]
    return shown
