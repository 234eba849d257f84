"""The colours of pictures of runs, those of the page in its light theme.

assets/web/shared/base.css and format.js have the same.
"""

from collections.abc import Sequence

from app.caching.record import StepRecord
from app.generation.trace import Side

Rgb = tuple[int, int, int]
INK, SOFT, GRID, PAPER = "#14181f", "#56616f", "#dde1e8", "#ffffff"
BASELINE, ADACACHE, MOTION, RAW = "#5f6f86", "#e8470a", "#8a3ffc", "#a3abb8"
RATES = ("#39408f", "#2f6bab", "#2c98b4", "#5cc3a8", "#c9ecb4")  # low rate dark, high rate light
WIDEST_RATE = 6


def rate_colour(rate: int) -> Rgb:
    """The colour of a cache rate, as assets/web/shared/format.js has it."""
    position = (min(rate, WIDEST_RATE) - 1) / (WIDEST_RATE - 1) * (len(RATES) - 1)
    low = min(int(position), len(RATES) - 2)
    start, end = channels(RATES[low]), channels(RATES[low + 1])
    red, green, blue = (round(a + (b - a) * (position - low)) for a, b in zip(start, end, strict=True))
    return red, green, blue


def cell_colours(side: Side, records: Sequence[StepRecord]) -> list[Rgb]:
    """The colour of each step in a strip: full where it was computed, faint where it was reused.

    Steps of the accelerated side have the colour of the rate that was chosen last, where a method chooses rates.
    """
    cells, rate = [], None
    for record in records:
        computed = record.computed != "none"
        rate = record.rate if computed else rate
        own = channels(BASELINE if side == "baseline" else ADACACHE)
        full = rate_colour(rate) if side == "accelerated" and rate else own
        cells.append(full if computed else faded(full, 0.25))
    return cells


def channels(colour: str) -> Rgb:
    """Red, green and blue of a colour as #rrggbb."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def faded(colour: Rgb, opacity: float) -> Rgb:
    """A colour as it looks over white at an opacity."""
    red, green, blue = (round(255 + (channel - 255) * opacity) for channel in colour)
    return red, green, blue
