"""The Compare room: the shipped comparison as table and plot, own ones, the paper's FLOPs beside ours.

What ships is measured by `python -m app compare` and `python -m benchmarks.flops`; own ones are runs of the queue.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from app.caching.registry import kind_of, method_from_json
from app.common.paths import COMPARISONS
from app.evaluation.comparison.fairness import sentences, worth
from app.evaluation.comparison.palette import palette_of
from app.evaluation.comparison.plan import families
from app.evaluation.comparison.spread import SLOTS, means_by
from app.evaluation.comparison.table import Point, described
from app.generation.request import Request
from app.metrics.registry import Metric, metrics
from app.models.base import ModelCard
from components.compare.trial import Trials
from components.rooms import Page, Room
from components.shared.web import answered, panel
from components.studio.share import PARAMETER, to_query

Question = Callable[[Any], dict[str, Any]]


def build(page: Page) -> gr.HTML:
    """The panel with the shipped comparison; without one it says how to make it."""
    props = compare_props(page.cards)
    return panel("compare/compare", "compare-panel", server_functions=_questions(trials(page)), **props)


def trials(page: Page, folder: Path = COMPARISONS) -> Trials:
    """What answers for own comparisons: with the shipped one's model and settings where that model is here."""
    shown = _read(folder / "sprites.json")
    card = page.cards.get(shown["about"]["model"] if shown else "")
    if shown is None or card is None:
        card = next(iter(page.cards.values()))
        return Trials(page.runner, page.store, card, card.steps, card.guidance, [])
    about = shown["about"]
    return Trials(page.runner, page.store, card, about["steps"], about["guidance"], shown["points"])


def compare_props(cards: Mapping[str, ModelCard], folder: Path = COMPARISONS) -> dict[str, Any]:
    """What the panel shows of the files of a folder."""
    shown = _read(folder / "sprites.json")
    points = shown["points"] if shown else []
    named = list(dict.fromkeys(point["family"] for point in points if point["family"]))
    return {
        "about": described(shown["about"]) if shown else "",
        "families": named,
        "points": [with_link(point, shown["about"], cards) for point in points] if shown else [],
        "parameter": PARAMETER,
        "metrics": [_metric(metric) for metric in metrics().values()],
        "colours": {family: palette_of(family) for family in families()},
        "worth": sentences(worth([Point(**point) for point in points])),
        "groups": grouped([Point(**point) for point in points], shown["about"].get("asked", {})) if shown else {},
        "kinds": described_families(shown["points"]) if shown else [],
        "flops": _read(folder / "flops.json") or [],
    }


def with_link(point: dict[str, Any], about: Mapping[str, Any], cards: Mapping[str, ModelCard]) -> dict[str, Any]:
    """The point, with the settings that try it in the Studio; empty for the baseline or a model not here."""
    card = cards.get(about["model"])
    if card is None or point["settings"] is None:
        return {**point, "link": ""}
    method = method_from_json(point["settings"])
    request = Request(card.id, card.example_prompts[0], method, steps=about["steps"], guidance=about["guidance"])
    return {**point, "link": to_query(request)}


def grouped(points: Sequence[Point], asked: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Means by slot of the prompt, metric, method and value; empty where prompts are free text."""
    if not asked:
        return {}
    methods = [point for point in points if point.family]
    return {
        slot: {
            metric.id: {point.name: means_by(slot, point, asked, metric) for point in methods}
            for metric in metrics().values()
        }
        for slot in SLOTS
    }


def described_families(points: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Every family of the points with the paragraph and source of its method."""
    found = {}
    for point in points:
        if point["settings"] is not None:
            kind = kind_of(method_from_json(point["settings"]))
            found[point["family"]] = {"family": point["family"], "text": kind.description, "source": kind.source}
    return list(found.values())


def _questions(answers: Trials) -> list[Question]:
    def started(asked: Any) -> dict[str, Any]:
        return answered(answers.started, asked)

    def standing(asked: Any) -> dict[str, Any]:
        return answered(answers.standing, asked)

    def stopped(asked: Any) -> dict[str, Any]:
        return answered(answers.stopped, asked)

    return [started, standing, stopped]


def _read(path: Path) -> Any:
    return json.loads(path.read_text()) if path.is_file() else None


def _metric(metric: Metric) -> dict[str, Any]:
    return {
        "id": metric.id,
        "title": metric.title,
        "unit": metric.unit,
        "digits": metric.digits,
        "better": metric.better,
    }


ROOM = Room("compare", "Compare", 30, build)
