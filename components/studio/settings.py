"""What some models let a run choose: negative prompt, precision, flow shift; each shown where the model has it."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.models.base import ModelCard
from app.models.settings import MAX_FLOW_SHIFT, MAX_NEGATIVE_PROMPT, MIN_FLOW_SHIFT, NAMES, Settings
from components.studio.form import Form

DEVICES_OWN = ("The device's own", "")
OWN = Settings()


@dataclass(frozen=True)
class SettingsPanel:
    """Its components; `inputs` by the fields of the form they fill."""

    group: gr.Accordion
    inputs: dict[str, gr.Component]


def settings_panel(card: ModelCard) -> SettingsPanel:
    """Build it with a model's own settings."""
    shown = _shown(card, OWN)
    offered = bool(card.settings)
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
        }
    return SettingsPanel(group, inputs)


def settings_props(card: ModelCard, settings: Settings = OWN) -> dict[str, Any]:
    """Updates by name that show settings of a model; a ValueError where it has no such setting."""
    shown = _shown(card, card.requested_settings(settings))
    fields = {name: gr.update(**props) for name, props in shown.items()}
    return {**fields, "offered": gr.update(visible=bool(card.settings), open=settings != OWN)}


def read_settings(card: ModelCard, form: Form) -> Settings:
    """The settings asked for, none where they are the model's own; what hidden fields say is nothing."""
    given = {name: getattr(form, name) for name in NAMES if name in card.settings}
    given["precision"] = given.get("precision") or None
    return card.requested_settings(Settings(**given))


def _shown(card: ModelCard, settings: Settings) -> dict[str, dict[str, Any]]:
    """Value and visibility of each field, and the choices of precision."""
    values = {
        "negative_prompt": card.negative_prompt or "",
        "precision": "",
        "flow_shift": card.flow_shift,
        **settings.given,
    }
    shown = {name: {"value": value, "visible": name in card.settings} for name, value in values.items()}
    shown["precision"]["choices"] = [DEVICES_OWN, *((name, name) for name in card.precisions)]
    return shown
