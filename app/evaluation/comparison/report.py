"""The report of a comparison as a page of Markdown: the table, what schedules are worth over even ones,
and the spread over kinds of prompts.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from app.evaluation.comparison.fairness import sentences, worth
from app.evaluation.comparison.spread import SLOTS, to_cells
from app.evaluation.comparison.table import Point, cells, described
from app.metrics.registry import metrics


def to_markdown(all_points: Sequence[Point], about: Mapping[str, Any]) -> str:
    """What was measured, every point, and the answers like with like."""
    metric = next(iter(metrics().values()))
    asked = about.get("asked", {})
    spread = [to_cells(slot, all_points, asked, metric) for slot in SLOTS]
    table = _table(cells(all_points))
    answers = [f"- {sentence}" for sentence in sentences(worth(all_points))]
    parts = [described(about), "", *table, "", "Against even steps of the same compute and the same reuse:", ""]
    parts += answers or ["- no even schedule of like compute was measured"]
    for shown in filter(None, spread):
        parts += ["", *_table(shown)]
    return "\n".join(parts) + "\n"


def _table(lines: Sequence[Sequence[str]]) -> list[str]:
    head, *others = lines
    return [f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *others)]
