"""The quality-latency plot of a comparison (as the paper's Fig. 6) as an SVG, without a plotting library."""

import math
from collections.abc import Sequence
from html import escape

from app.evaluation.comparison.plan import BASELINE, families, is_adacache
from app.evaluation.comparison.table import Point

WIDTH, HEIGHT = 860, 480
LEFT, RIGHT, TOP, BOTTOM = 56, 190, 20, 46
COLOURS = ("#e8470a", "#b3261e", "#0072b2", "#00875f", "#c2559d", "#64748b", "#a87b00", "#5b4bb5", "#14181f")
ROOM = 0.06  # of the range, around the outermost points


def quality_latency(all_points: Sequence[Point], about: str) -> str:
    """Mean PSNR against speedup, a colour a family, a line through the points of each."""
    shown = [point for point in all_points if point.name != BASELINE]
    if not shown:
        raise ValueError("a plot needs at least one method besides the baseline")
    x0, x1 = _range([1.0, *(point.speedup for point in shown)])
    y0, y1 = _range([point.psnr_db for point in shown])

    def place(point: Point) -> tuple[float, float]:
        x = LEFT + (point.speedup - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT)
        return x, HEIGHT - BOTTOM - (point.psnr_db - y0) / (y1 - y0) * (HEIGHT - TOP - BOTTOM)

    parts = [f"<desc>{escape(about)}</desc>", f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>']
    for value in ticks(x0, x1):
        x = LEFT + (value - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT)
        parts += [_rule(x, TOP, x, HEIGHT - BOTTOM), _text(x, HEIGHT - BOTTOM + 16, f"{value:g}x", "middle")]
    for value in ticks(y0, y1):
        y = HEIGHT - BOTTOM - (value - y0) / (y1 - y0) * (HEIGHT - TOP - BOTTOM)
        parts += [_rule(LEFT, y, WIDTH - RIGHT, y), _text(LEFT - 8, y + 4, f"{value:g}", "end")]
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, "speedup over the baseline", "middle"))
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(_text(14, middle, "PSNR (dB)", "middle", f' transform="rotate(-90 14 {middle:.0f})"'))
    order = [family for family in families() if any(point.family == family for point in shown)]
    for row, family in enumerate(order):
        colour = COLOURS[families().index(family) % len(COLOURS)]
        places = [(point, *place(point)) for point in shown if point.family == family]
        path = " ".join(f"{x:.1f},{y:.1f}" for _, x, y in places)
        style = f'fill="none" stroke="{colour}" stroke-width="{2.2 if is_adacache(family) else 1}" opacity="0.5"'
        parts.append(f'<polyline points="{path}" {style}/>')
        for point, x, y in places:
            told = f"{point.name}: {point.speedup:.2f}x, {point.psnr_db:.2f} dB, SSIM {point.ssim:.4f}"
            parts.append(_dot(x, y, colour, f"<title>{escape(told)}</title>"))
        y = TOP + 14 + 20 * row
        parts += [_dot(WIDTH - RIGHT + 18, y - 4, colour), _text(WIDTH - RIGHT + 30, y, family, "start")]
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


def _dot(x: float, y: float, colour: str, inside: str = "") -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{colour}" stroke="#fff">{inside}</circle>'
