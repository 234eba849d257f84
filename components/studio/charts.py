"""The charts: strips of branches, distance over thresholds, cache rate, motion and seconds, on one step axis."""

from typing import Any

import gradio as gr

from app.caching.titles import title_of
from app.models.base import ModelCard
from components.shared.codebook import codebook_props
from components.shared.web import answered, packed, panel
from components.studio.branches import branches_props
from components.studio.ghost import FIRST, Ghosts
from components.studio.view import View


def charts(view: View | None, card: ModelCard, ghosts: Ghosts) -> gr.HTML:
    """The panel, showing a view or, without one, only the codebook's bands."""

    def ghost(asked: Any) -> dict[str, Any]:
        return answered(ghosts.answer, asked)

    props = charts_props(view, card) if view else {}
    return panel("studio/charts", "charts", events=("run_it",), server_functions=[ghost], **props)


def charts_props(view: View, card: ModelCard) -> dict[str, Any]:
    """What the panel draws of a view; `used_codebook` is that of the run, empty where its method has none."""
    request = view.request
    method = request.adacache
    summary = view.summary or {}
    props = {
        "series": {side: list(shown.records) for side, shown in view.sides.items()},
        "timesteps": list(view.timesteps),
        "used_codebook": codebook_props(method.codebook) if method else {},
        "regularised": method is not None and method.motion is not None,
        "branches": branches_props(view, card),
        "title": title_of(request.method, request.model),
        "shorter": view.steps["accelerated"] if view.steps["accelerated"] != view.steps["baseline"] else 0,
        "token": view.token,
        "state": view.state,
        "run": FIRST if view.recorded else view.run,
        "request_key": request.key(),
        "measured": {"speedup": summary["speedup"], "db": summary["quality"].get("psnr")} if summary else {},
    }
    return packed(props)
