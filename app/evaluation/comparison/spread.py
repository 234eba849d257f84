"""Spread of a comparison over kinds of prompts: a metric's mean for each motion and each background they ask for.

Only models with a closed vocabulary say what a prompt asks for; for the others there is nothing to group by.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import mean

from app.evaluation.comparison.plan import BASELINE
from app.evaluation.comparison.table import Point
from app.metrics.registry import Metric
from app.models.sprites.text import understand
from app.models.sprites.vocabulary import load_vocabulary

SLOTS = ("motion", "background")
Asked = Mapping[str, Mapping[str, str]]  # what a prompt asks for: its slots, such as {"motion": "still"}


def asked_for(model: str, prompts: Sequence[str]) -> dict[str, dict[str, str]]:
    """What each prompt asks for; empty for a model whose prompts are free text."""
    if model != "sprites":
        return {}
    vocabulary = load_vocabulary()
    found = {prompt: understand(prompt, vocabulary) for prompt in prompts}
    return {
        prompt: {slot: name for slot in SLOTS if (name := understood.name(slot)) is not None}
        for prompt, understood in found.items()
    }


def means_by(slot: str, point: Point, asked: Asked, metric: Metric) -> dict[str, float]:
    """The metric's mean over a method's runs for every value of a slot, worst first."""
    values: dict[str, list[float]] = defaultdict(list)
    for run in point.schedules:
        name = asked.get(run["prompt"], {}).get(slot)
        value = run["quality"].get(metric.id)
        if name is not None and value is not None:
            values[name].append(value)
    sign = 1 if metric.better == "higher" else -1
    return dict(sorted(((name, mean(found)) for name, found in values.items()), key=lambda item: sign * item[1]))


def to_cells(slot: str, points: Sequence[Point], asked: Asked, metric: Metric) -> list[list[str]]:
    """A head and a line a method, columns by the mean over all methods, worst first; empty if there is nothing."""
    shown = [(point.name, means_by(slot, point, asked, metric)) for point in points if point.name != BASELINE]
    values: dict[str, list[float]] = defaultdict(list)
    for _, found in shown:
        for name, value in found.items():
            values[name].append(value)
    sign = 1 if metric.better == "higher" else -1
    columns = sorted(values, key=lambda name: sign * mean(values[name]))
    if not columns:
        return []
    lines = [
        [name, *(f"{found[c]:.{metric.digits}f}" if c in found else "-" for c in columns)] for name, found in shown
    ]
    return [[f"{metric.title} by {slot}", *columns], *lines]
