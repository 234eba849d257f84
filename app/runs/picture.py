"""The plots of a run as one PNG, drawn with Pillow: strip of steps, distance over thresholds, rate and motion.

The same colours and the same square-root axis as on the page (assets/web/studio/plots.js), without a browser.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from app.caching.record import StepRecord
from app.common.timestamps import display_time
from app.generation.summary import speed_text
from app.generation.trace import SIDES
from app.metrics.registry import quality_text
from app.runs.colours import (
    ADACACHE,
    BASELINE,
    GRID,
    INK,
    MOTION,
    PAPER,
    RAW,
    SOFT,
    cell_colours,
    faded,
    rate_colour,
)
from app.runs.run import Run

WIDTH, HEIGHT, LEFT, RIGHT = 1200, 860, 90, 90
FINER = 2  # drawn at twice the size and reduced, for smooth lines
HEADROOM = 1.3  # the distance axis ends this far above the highest threshold that is compared with
Point = tuple[float, float]


def plots_png(run: Run) -> bytes:
    """A picture of a run of any method; what a method does not measure is left empty."""
    sheet = Sheet(run.summary["baseline_steps"])
    _heading(sheet, run)
    _strip(sheet, run, top=112)
    records = run.trace.records["accelerated"]
    _distance(sheet, run, records, top=190, bottom=500)
    _rates(sheet, records, top=540, bottom=640)
    _motion(sheet, records, top=680, bottom=810)
    return sheet.png()


class Sheet:
    """A white sheet with one axis of steps from left to right."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.image = Image.new("RGB", (WIDTH * FINER, HEIGHT * FINER), PAPER)
        self.draw = ImageDraw.Draw(self.image)

    def x(self, step: float) -> float:
        """Where a step is; 0.5 is the left end."""
        return LEFT + (step - 0.5) / self.steps * (WIDTH - LEFT - RIGHT)

    def line(self, points: Sequence[Point], colour: str, width: float = 1.5) -> None:
        """A line through points."""
        if len(points) > 1:
            self.draw.line([_finer(point) for point in points], colour, round(width * FINER), "curve")

    def box(self, start: Point, end: Point, colour: str | tuple[int, int, int]) -> None:
        """A filled rectangle."""
        self.draw.rectangle([_finer(start), _finer(end)], colour)

    def dot(self, point: Point, radius: float, colour: str) -> None:
        """A filled circle."""
        x, y = point
        self.draw.ellipse([_finer((x - radius, y - radius)), _finer((x + radius, y + radius))], colour)

    def text(self, point: Point, words: str, size: float = 12, colour: str = SOFT, anchor: str = "ls") -> None:
        """Text; anchors are Pillow's."""
        self.draw.text(_finer(point), words, colour, ImageFont.load_default(size * FINER), anchor=anchor)

    def png(self) -> bytes:
        """The sheet as a file."""
        buffer = BytesIO()
        self.image.resize((WIDTH, HEIGHT), Image.Resampling.BOX).save(buffer, "PNG", optimize=True)
        return buffer.getvalue()


@dataclass(frozen=True)
class Axis:
    """Maps values onto pixels between bottom and top."""

    low: float
    high: float
    top: float
    bottom: float

    def y(self, value: float) -> float:
        """Where a value is; what is beyond either end is drawn at the edge."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.bottom - share * (self.bottom - self.top)


def _heading(sheet: Sheet, run: Run) -> None:
    request, summary = run.request, run.summary
    prompt = " ".join(request.prompt.split())
    sheet.text((LEFT, 40), prompt if len(prompt) <= 100 else f"{prompt[:99]}…", 20, INK)
    changed = str(request.settings())
    settings = (
        f"{request.model}, seed {request.seed}, {request.steps} steps, guidance {request.guidance:g}, "
        f"{changed}{', ' if changed else ''}"
        f"{summary['method']}, {display_time(run.about.made)}"
    )
    earlier = f" (baseline measured {display_time(run.baseline_measured)})" if summary["baseline_measured"] else ""
    measured = (
        f"{speed_text(summary)}{earlier}, {summary['computed_steps']} of {summary['baseline_steps']} steps "
        f"computed, {quality_text(summary['quality'])}, {summary['baseline_seconds']:.2f} s -> "
        f"{summary['accelerated_seconds']:.2f} s"
    )
    sheet.text((LEFT, 64), settings, 13)
    sheet.text((LEFT, 86), measured, 13, INK)
    if summary["speed_notes"]:
        sheet.text((LEFT, 103), summary["speed_notes"][0], 12)


def _strip(sheet: Sheet, run: Run, top: float) -> None:
    for row, (side, colour) in enumerate(zip(SIDES, (BASELINE, ADACACHE), strict=True)):
        y = top + 26 * row
        sheet.text((LEFT - 10, y + 14), side, 12, colour, "rs")
        records = run.trace.records[side]
        for record, fill in zip(records, cell_colours(side, records), strict=True):
            sheet.box((sheet.x(record.step - 0.46), y), (sheet.x(record.step + 0.46), y + 18), fill)


def _distance(sheet: Sheet, run: Run, records: Sequence[StepRecord], top: float, bottom: float) -> None:
    sheet.text((LEFT, top - 8), "Distance, over the codebook's thresholds; square-root axis", 13, INK)
    method = run.request.adacache
    looked = [record for record in records if record.regularised is not None]
    compared = method.codebook.thresholds[:-1] if method else ()
    measured = [r.regularised for r in looked if r.regularised is not None and math.isfinite(r.regularised)]
    end = HEADROOM * (compared[-1] if compared else method.codebook.thresholds[0] if method else 0) or max(
        measured, default=1.0
    )
    axis = Axis(0.0, math.sqrt(end), top, bottom)
    if method is not None:
        edges = [0.0, *compared, end]
        for low, high, rate in zip(edges, edges[1:], method.codebook.rates, strict=False):
            start, stop = (LEFT, axis.y(math.sqrt(high))), (WIDTH - RIGHT, axis.y(math.sqrt(low)))
            sheet.box(start, stop, faded(rate_colour(rate), 0.16))
            sheet.text((WIDTH - RIGHT + 8, (start[1] + stop[1]) / 2), f"rate {rate}", 11, anchor="lm")
    for threshold in compared:
        y = axis.y(math.sqrt(threshold))
        sheet.line([(LEFT, y), (WIDTH - RIGHT, y)], GRID, 1)
        sheet.text((LEFT - 8, y), f"{threshold:g}", 11, anchor="rm")
    raw = _points(sheet, looked, lambda record: _root(record.distance), axis)
    regularised = _points(sheet, looked, lambda record: _root(record.regularised), axis)
    sheet.line(raw, RAW, 1.25)
    sheet.line(regularised, ADACACHE, 2)
    for point in regularised:
        sheet.dot(point, 4, ADACACHE)
    sheet.text((WIDTH - RIGHT, top - 8), "grey: raw   orange: looked up", 11, anchor="rs")


def _rates(sheet: Sheet, records: Sequence[StepRecord], top: float, bottom: float) -> None:
    sheet.text((LEFT, top - 8), "Cache rate", 13, INK)
    decided = [record for record in records if record.computed != "none" and record.rate is not None]
    highest = max((record.rate or 1 for record in decided), default=1)
    axis = Axis(0.0, highest + 0.5, top, bottom)
    for number, record in enumerate(decided):
        end = decided[number + 1].step if number + 1 < len(decided) else len(records) + 1
        start, stop = (sheet.x(record.step - 0.5), axis.y(record.rate or 1)), (sheet.x(end - 0.5), bottom)
        sheet.box(start, stop, rate_colour(record.rate or 1))
    for rate in sorted({record.rate or 1 for record in decided}):
        sheet.text((LEFT - 8, axis.y(rate)), str(rate), 11, anchor="rm")
    sheet.line([(LEFT, bottom), (WIDTH - RIGHT, bottom)], GRID, 1)


def _motion(sheet: Sheet, records: Sequence[StepRecord], top: float, bottom: float) -> None:
    sheet.text((LEFT, top - 8), "Motion score", 13, INK)
    scores = [r.motion for r in records if r.motion is not None and math.isfinite(r.motion)]
    high = max(scores, default=1.0) or 1.0
    axis = Axis(0.0, high, top, bottom)
    sheet.line([(LEFT, bottom), (WIDTH - RIGHT, bottom)], GRID, 1)
    points = _points(sheet, records, lambda record: record.motion, axis)
    sheet.line(points, MOTION, 2)
    for point in points:
        sheet.dot(point, 3, MOTION)
    for value in (0.0, high):
        sheet.text((LEFT - 8, axis.y(value)), f"{value:.3g}", 11, anchor="rm")
    every = max(1, round(sheet.steps / 15))
    for step in range(1, sheet.steps + 1, every):
        sheet.text((sheet.x(step), bottom + 18), str(step), 11, anchor="ms")
    sheet.text(((LEFT + WIDTH - RIGHT) / 2, bottom + 38), "step", 11, anchor="ms")


def _points(
    sheet: Sheet, records: Sequence[StepRecord], value: Callable[[StepRecord], float | None], axis: Axis
) -> list[Point]:
    found = [(record.step, value(record)) for record in records]
    return [(sheet.x(step), axis.y(y)) for step, y in found if y is not None and not math.isnan(y)]


def _root(value: float | None) -> float | None:
    return value if value is None or math.isnan(value) else math.sqrt(max(value, 0.0))


def _finer(point: Point) -> Point:
    return point[0] * FINER, point[1] * FINER
