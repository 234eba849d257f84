"""The Compare room: the shipped comparison as table and plot, what the methods are, the paper's FLOPs beside ours.

All of it is measured by `python -m app compare` and `python -m benchmarks.flops`; this only reads their files.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from app.caching.registry import KINDS, method_from_json
from app.common.paths import COMPARISONS
from app.evaluation.comparison.plan import FAMILIES, FORECAST
from app.evaluation.comparison.table import described
from app.generation.request import Request
from app.models.base import ModelCard
from components.rooms import Page, Room
from components.shared.web import panel
from components.studio.share import PARAMETER, to_query


def build(page: Page) -> gr.HTML:
    """The panel with the shipped comparison; without one it says how to make it."""
    return panel("compare/compare", "compare-panel", **compare_props(page.cards))


def compare_props(cards: Mapping[str, ModelCard], folder: Path = COMPARISONS) -> dict[str, Any]:
    """What the panel shows of the files of a folder."""
    table, counted = folder / "sprites.json", folder / "flops.json"
    shown = json.loads(table.read_text()) if table.is_file() else None
    return {
        "about": described(shown["about"]) if shown else "",
        "families": list(FAMILIES),
        "points": [with_link(point, shown["about"], cards) for point in shown["points"]] if shown else [],
        "parameter": PARAMETER,
        "dominance": shown["dominance"] if shown else [],
        "kinds": kinds(),
        "flops": json.loads(counted.read_text()) if counted.is_file() else [],
    }


def with_link(point: dict[str, Any], about: Mapping[str, Any], cards: Mapping[str, ModelCard]) -> dict[str, Any]:
    """The point, with the settings that try it in the Studio; empty for the baseline or a model not here."""
    card = cards.get(about["model"])
    if card is None or point["settings"] is None:
        return {**point, "link": ""}
    method = method_from_json(point["settings"])
    request = Request(card.id, card.example_prompts[0], method, steps=about["steps"], guidance=about["guidance"])
    return {**point, "link": to_query(request)}


def kinds() -> list[dict[str, str]]:
    """Every family with its paragraph and source."""
    forecast = {
        "family": FORECAST,
        "text": "AdaCache's schedule, but a reused step adds not the last computed residual: it adds the straight "
        "line through the last two. It costs the memory of a second residual and goes beyond the paper.",
        "source": "This project",
    }
    described = [{"family": kind.title, "text": kind.description, "source": kind.source} for kind in KINDS]
    return [described[0], forecast, *described[1:]]


ROOM = Room("compare", "Compare", 30, build)
