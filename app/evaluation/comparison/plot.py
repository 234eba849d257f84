"""The quality-latency plot of a comparison (as the paper's Fig. 6) as an SVG, without a plotting library."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from app.evaluation.comparison.palette import colour_of
from app.evaluation.comparison.plan import BASELINE, families, is_adacache
from app.evaluation.comparison.table import Point
from app.metrics.registry import metrics, quality_text

WIDTH, HEIGHT = 860, 480
LEFT, RIGHT, TOP, BOTTOM = 56, 190, 20, 46
PAPER = "the paper's Table 1 (A100)"
ROOM = 0.06  # of the range, around the outermost points


@dataclass(frozen=True)
class PaperPoint:
    """An operating point that the paper states, of a family of methods."""

    family: str
    name: str
    speedup: float
    quality: float  # by the first metric


def quality_latency(all_points: Sequence[Point], about: str, paper: Sequence[PaperPoint] = ()) -> str:
    """The first metric against speedup: a colour a schedule, a shape a reuse, a line a family.

    The paper's points are hollow squares: another machine, other prompts.
    """
    metric = next(iter(metrics().values()))
    shown = [point for point in all_points if point.name != BASELINE]
    if not shown:
        raise ValueError("a plot needs at least one method besides the baseline")
    values = {point.name: point.quality[metric.id] or 0.0 for point in shown}
    x0, x1 = _range([1.0, *(point.speedup for point in shown), *(point.speedup for point in paper)])
    y0, y1 = _range([*values.values(), *(point.quality for point in paper)])

    def place(speedup: float, quality: float) -> tuple[float, float]:
        x = LEFT + (speedup - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT)
        return x, HEIGHT - BOTTOM - (quality - y0) / (y1 - y0) * (HEIGHT - TOP - BOTTOM)

    parts = [f"<desc>{escape(about)}</desc>", f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>']
    for value in ticks(x0, x1):
        x = LEFT + (value - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT)
        parts += [_rule(x, TOP, x, HEIGHT - BOTTOM), _text(x, HEIGHT - BOTTOM + 16, f"{value:g}x", "middle")]
    for value in ticks(y0, y1):
        y = HEIGHT - BOTTOM - (value - y0) / (y1 - y0) * (HEIGHT - TOP - BOTTOM)
        parts += [_rule(LEFT, y, WIDTH - RIGHT, y), _text(LEFT - 8, y + 4, f"{value:g}", "end")]
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, "speedup over the baseline", "middle"))
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(
        _text(14, middle, f"{metric.title} ({metric.unit})", "middle", f' transform="rotate(-90 14 {middle:.0f})"')
    )
    order = [family for family in families() if any(point.family == family for point in shown)]
    for row, family in enumerate(order):
        colour, dashes = colour_of(family), "" if "+" not in family else ' stroke-dasharray="4 3"'
        places = [(point, *place(point.speedup, values[point.name])) for point in shown if point.family == family]
        path = " ".join(f"{x:.1f},{y:.1f}" for _, x, y in places)
        width = 2.2 if is_adacache(family) else 1
        style = f'fill="none" stroke="{colour}" stroke-width="{width}" opacity="0.5"{dashes}'
        parts.append(f'<polyline points="{path}" {style}/>')
        for point, x, y in places:
            told = f"{point.name}: {point.speedup:.2f}x, {quality_text(point.quality)}"
            parts.append(_mark(x, y, colour, family, f"<title>{escape(told)}</title>"))
        y = TOP + 14 + 20 * row
        parts += [_mark(WIDTH - RIGHT + 18, y - 4, colour, family), _text(WIDTH - RIGHT + 30, y, family, "start")]
    for stated in paper:
        told = f"<title>{escape(stated.name)} in the paper: {stated.speedup:.2f}x, {stated.quality:.2f}</title>"
        parts.append(_square(*place(stated.speedup, stated.quality), colour_of(stated.family), told))
    if paper:
        y = TOP + 14 + 20 * len(order)
        parts += [_square(WIDTH - RIGHT + 18, y - 4, "#333c49"), _text(WIDTH - RIGHT + 30, y, PAPER, "start")]
    body = "\n".join(parts)
    box = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box} font-size="12">\n{body}\n</svg>\n'


def ticks(low: float, high: float, count: int = 7) -> list[float]:
    """Round values within a range, about `count` of them."""
    raw = (high - low) / count
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * size for factor in (1, 2, 5, 10) if factor * size >= raw)
    first = int(-(-low // step))
    return [round((first + i) * step, 10) for i in range(int(high // step) - first + 1)]


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = ROOM * (high - low) or 0.5
    return low - room, high + room


def _rule(x0: float, y0: float, x1: float, y1: float) -> str:
    return f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" stroke="#e2e6ec"/>'


def _text(x: float, y: float, text: str, anchor: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#333c49"{more}>{escape(text)}</text>'


def _mark(x: float, y: float, colour: str, family: str, inside: str = "") -> str:
    """A circle where residuals are held, a diamond where they are extrapolated."""
    if "+" not in family:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{colour}" stroke="#fff">{inside}</circle>'
    path = f"M{x:.1f},{y - 6:.1f} l6,6 -6,6 -6,-6 z"
    return f'<path d="{path}" fill="{colour}" stroke="#fff">{inside}</path>'


def _square(x: float, y: float, colour: str, inside: str = "") -> str:
    box = f'x="{x - 4.5:.1f}" y="{y - 4.5:.1f}" width="9" height="9"'
    return f'<rect {box} fill="none" stroke="{colour}" stroke-width="1.8">{inside}</rect>'
