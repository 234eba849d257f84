"""The report of a comparison as a page of Markdown: the table, and what schedules are worth over even ones."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.evaluation.comparison.fairness import sentences, worth
from app.evaluation.comparison.table import Point, cells, described


def to_markdown(all_points: Sequence[Point], about: Mapping[str, Any]) -> str:
    """What was measured, every point, and the answers like with like."""
    head, *lines = cells(all_points)
    table = [f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *lines)]
    answers = [f"- {sentence}" for sentence in sentences(worth(all_points))]
    parts = [described(about), "", *table, "", "Against even steps of the same compute and the same reuse:", ""]
    return "\n".join([*parts, *(answers or ["- no even schedule of like compute was measured"])]) + "\n"
