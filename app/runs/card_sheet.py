"""The sheet of a share card: prompt, both videos over their strips of steps, and the measured numbers.

What stands still is drawn once; `frame` puts two pictures in and fills the strips as far as the video has played.
"""

from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from app.caching.titles import detailed_title
from app.common.timestamps import display_time
from app.generation.trace import SIDES, Side
from app.metrics.registry import metrics
from app.runs.colours import ADACACHE, BASELINE, GRID, INK, PAPER, SOFT, Rgb, cell_colours, channels
from app.runs.run import Run

WIDTH, MARGIN, GAP = 1200, 40, 24
VIDEO_WIDTH = (WIDTH - 2 * MARGIN - GAP) // 2
MAX_VIDEO_HEIGHT = 560
PROMPT_LINES = 2
STRIP_HEIGHT, STRIP_BELOW = 22, 14  # the strip's own, and its distance to the video
LINE, LARGE, SMALL, SMALLEST = 36, 28, 20, 18  # of the prompt's lines, and sizes of text
NARROW = 4  # pixels a cell, below which cells touch
Colour = str | Rgb


@dataclass(frozen=True)
class Strip:
    """Where the strip of a side is, and the colour of each of its steps."""

    left: int
    top: int
    cells: list[Rgb]

    def box(self, step: int) -> tuple[float, float, float, float]:
        """The cell of a step, counted from 0."""
        wide = VIDEO_WIDTH / len(self.cells)
        gap = 1 if wide > NARROW else 0
        start, end = self.left + step * wide, self.left + (step + 1) * wide - 1 - gap
        return start, self.top, max(start, end), self.top + STRIP_HEIGHT - 1


class CardSheet:
    """The card of one run, for videos of a size (height, width)."""

    def __init__(self, run: Run, size: tuple[int, int]) -> None:
        self.size = fitted(size)
        lines = wrapped(" ".join(run.request.prompt.split()), LARGE, WIDTH - 2 * MARGIN, PROMPT_LINES)
        self.top = MARGIN + LINE * len(lines) + 46  # of the videos
        below = self.top + self.size[0] + STRIP_BELOW
        note = _note(run)
        height = below + STRIP_HEIGHT + 134 + (30 if note else 0)
        self.image = Image.new("RGB", (WIDTH, height + height % 2), PAPER)  # 4:2:0 video has even sides
        self.draw = ImageDraw.Draw(self.image)
        for number, line in enumerate(lines):
            self._text((MARGIN, MARGIN + LINE * number + LARGE), line, LARGE, INK)
        self.strips: dict[Side, Strip] = {}
        for side, left in zip(SIDES, (MARGIN, MARGIN + VIDEO_WIDTH + GAP), strict=True):
            self._side(run, side, left)
            self.strips[side] = Strip(left, below, cell_colours(side, run.trace.records[side]))
            for step in range(len(self.strips[side].cells)):
                self.draw.rectangle(self.strips[side].box(step), GRID)
        self._numbers(run, below + STRIP_HEIGHT + 76)
        if note:
            self._text(
                (MARGIN, self.image.height - MARGIN + 8), _cut(note, SMALLEST, WIDTH - 2 * MARGIN), SMALLEST
            )

    def frame(self, pictures: dict[Side, Image.Image], share: float) -> Image.Image:
        """The card with a picture of each video, after a share of its frames, from 0 to 1."""
        image = self.image.copy()
        draw = ImageDraw.Draw(image)
        height, width = self.size
        for side, strip in self.strips.items():
            picture = pictures[side]
            crisp = width >= 2 * picture.width  # as on the page, where small videos show their pixels
            resampling = Image.Resampling.NEAREST if crisp else Image.Resampling.LANCZOS
            left = strip.left + (VIDEO_WIDTH - width) // 2
            image.paste(picture.resize((width, height), resampling), (left, self.top))
            for step in range(filled(len(strip.cells), share)):
                draw.rectangle(strip.box(step), strip.cells[step])
        return image

    def colours(self) -> set[Rgb]:
        """Of the paper and the strips."""
        cells = {cell for strip in self.strips.values() for cell in strip.cells}
        return {channels(PAPER), channels(GRID), *cells}

    def _side(self, run: Run, side: Side, left: int) -> None:
        """A side's name, steps and seconds over its video."""
        seconds = f"{run.summary[f'{side}_seconds']:.2f} s"
        name = "Baseline" if side == "baseline" else detailed_title(run.request.method, run.request.model)
        colour = BASELINE if side == "baseline" else ADACACHE
        room = VIDEO_WIDTH - _width(seconds, SMALL) - GAP
        self._text((left, self.top - 14), _cut(name, SMALL, room), SMALL, colour)
        self._text((left + VIDEO_WIDTH, self.top - 14), seconds, SMALL, SOFT, "rs")

    def _numbers(self, run: Run, bottom: int) -> None:
        """Speedup, steps and PSNR, each over its name; on the right what the run was made with."""
        summary, psnr = run.summary, metrics()["psnr"]
        figures = (
            (f"{summary['speedup']:.2f}x", "speedup", ADACACHE),
            (f"{summary['computed_steps']}/{summary['baseline_steps']}", "steps computed", INK),
            (psnr.text(summary["quality"].get("psnr")), f"{psnr.title} to baseline", INK),
        )
        left = float(MARGIN)
        for value, name, colour in figures:
            self._text((left, bottom), value, 44, colour)
            self._text((left, bottom + 28), name, SMALL)
            left += max(_width(value, 44), _width(name, SMALL)) + 56
        request = run.request
        for number, words in enumerate((request.model, f"seed {request.seed}", display_time(run.about.made))):
            place = WIDTH - MARGIN, bottom - 28 + 28 * number
            self._text(place, _cut(words, SMALL, WIDTH - MARGIN - left), SMALL, SOFT, "rs")

    def _text(
        self, place: tuple[float, float], words: str, size: int, colour: Colour = SOFT, anchor: str = "ls"
    ) -> None:
        self.draw.text(place, words, colour, ImageFont.load_default(size), anchor=anchor)


def fitted(size: tuple[int, int]) -> tuple[int, int]:
    """The (height, width) at which a video is shown: as large as there is room."""
    height, width = size
    scale = min(VIDEO_WIDTH / width, MAX_VIDEO_HEIGHT / height)
    return max(1, round(height * scale)), max(1, round(width * scale))


def filled(steps: int, share: float) -> int:
    """Cells of a strip that are filled after a share of the video; all of them at its end."""
    return min(steps, round(steps * share))


def wrapped(words: str, size: int, room: float, most: int) -> list[str]:
    """Text in lines that fit into a width, at most so many; the last one ends in … where more would follow."""
    lines = [""]
    for word in words.split(" "):
        longer = f"{lines[-1]} {word}".lstrip()
        if lines[-1] and _width(longer, size) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    kept = lines[:most]
    if len(lines) > most:
        kept[-1] += f" {lines[most]}"
    return [_cut(line, size, room) for line in kept]


def _cut(words: str, size: int, room: float) -> str:
    """Text that fits into a width; … stands for what does not."""
    if _width(words, size) <= room:
        return words
    kept = words
    while kept and _width(f"{kept}…", size) > room:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"


def _width(words: str, size: int) -> float:
    return ImageFont.load_default(size).getlength(words)


def _note(run: Run) -> str:
    """What speaks against the speedup, in a line; empty where nothing does."""
    notes: list[str] = list(run.summary["speed_notes"])
    if run.summary["baseline_measured"]:
        notes.insert(0, f"The baseline was measured in an earlier run, {display_time(run.baseline_measured)}.")
    return " ".join(notes)
