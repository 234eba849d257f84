"""The stage: both videos, live while they are denoised and in sync afterwards, and the measured numbers."""

from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from app.caching.titles import title_of
from app.generation.trace import SIDES
from app.models.base import ModelCard
from app.runs.store import RunStore
from components.shared.quality import quality_props
from components.shared.share_card import carded
from components.shared.web import answered, panel, served
from components.studio.branches import share_in_part
from components.studio.view import View


def stage(view: View | None, card: ModelCard, store: RunStore) -> gr.HTML:
    """The panel, showing a view or, without one, an empty stage."""
    empty = {"aspect": card.size.aspect, "fps": card.fps, "quality": quality_props(None, card.size)}
    props = stage_props(view, card) if view else empty

    def card_of_run(asked: Any) -> dict[str, Any]:
        return answered(partial(carded, store), asked)

    label = "Baseline and accelerated"
    return panel("studio/video-panel", "stage", label=label, server_functions=[card_of_run], **props)


def stage_props(view: View, card: ModelCard) -> dict[str, Any]:
    """What the panel draws of a view; `value` holds the two video files once both are there."""
    complete = view.state == "done"
    request = view.request
    return {
        "value": {side: _file(view.videos[side], view.recorded) for side in SIDES} if complete else None,
        "sides": {
            side: {
                "preview": shown.preview,
                "preview_step": shown.preview_step,
                "seconds": shown.seconds,
                "steps": len(shown.records),
                "of": view.steps[side],
                "computed": shown.computed,
                "done": shown.done,
            }
            for side, shown in view.sides.items()
        },
        "in_part": share_in_part(view, card),
        "token": view.token,
        "title": title_of(request.method, request.model),
        "steps": len(view.timesteps),
        "summary": view.summary or {},  # Gradio does not send None to props
        "quality": quality_props(view.summary and view.summary["quality"], request.size or card.size),
        "state": view.state,
        "recorded": view.recorded,
        "run": view.run,
        "made": view.made,
        "reused": view.reused,
        "prompt": request.prompt,
        "sentences": list(view.sentences),
        "aspect": (request.size or card.size).aspect,
        "fps": card.fps,
    }


def _file(path: Path, in_place: bool) -> dict[str, Any]:
    return {"path": str(path) if in_place else served(path), "meta": {"_type": "gradio.FileData"}}
