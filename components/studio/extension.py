"""What a video goes on from: the clip of a run that was made before, and how much of its end is repeated.

The form holds the run's id; its clip is looked up when the run is asked for.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr

from app.common.validation import as_whole
from app.models.base import ModelCard
from app.runs.clip import poster
from app.runs.store import RunStore
from components.shared.visitors import asker_of
from components.shared.web import answered, data_uri, panel

NO_RUN: tuple[object, ...] = ("", None)


@dataclass(frozen=True)
class ExtensionPanel:
    """Its components; `inputs` by the fields of the form they fill."""

    row: gr.Row
    inputs: dict[str, gr.Component]


def extension_panel(card: ModelCard, store: RunStore) -> ExtensionPanel:
    """Build it without a run to go on from."""

    def looked(asked: Any) -> dict[str, Any]:
        """What stands for a run; an error where its clip cannot be gone on from."""
        return answered(partial(_looked, store), asked)

    with gr.Row(elem_id="extension", visible=card.chunk is not None) as row:
        inputs: dict[str, gr.Component] = {
            "extends": panel(
                "studio/extends", "extends", value="", visible=card.chunk is not None, server_functions=[looked]
            ),
            "overlap": gr.Number(
                card.overlap,
                label="Latent overlap",
                precision=0,
                minimum=1,
                min_width=60,
                visible=card.chunk is not None,
                interactive=True,
                elem_id="overlap",
            ),
        }
    return ExtensionPanel(row, inputs)


def asked_extension(card: ModelCard, extends: object, overlap: object) -> dict[str, Any]:
    """The settings that go on from a run; none without one, whatever the overlap says."""
    if extends in NO_RUN:
        return {}
    return card.extension(extends, None if overlap is None else as_whole(overlap))


def _looked(store: RunStore, asked: object) -> dict[str, Any]:
    if not isinstance(asked, dict) or "run" not in asked:
        raise ValueError("the page does not fit this server; reload it")
    if not asked["run"]:
        raise ValueError("no run of yours is shown; generate one first")
    run = store.get(asked["run"], asker_of(asked))
    run.clip()
    picture = poster(run.folder)
    return {
        "id": run.id,
        "poster": data_uri(picture, "image/webp") if picture else "",
        "about": f"{run.request.prompt} · seed {run.request.seed}",
    }
