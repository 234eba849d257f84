"""Share cards: a run as one MP4 or GIF to show around; its settings are in the MP4 and are read back from it.

The settings are JSON in the MP4's comment. Whatever a file holds there is checked as any request from outside.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import av
import numpy as np
from PIL import Image

from app.common.files import atomic_path
from app.common.validation import parse_json
from app.generation.request import Request
from app.generation.trace import SIDES, Side
from app.generation.video import encode_mp4
from app.runs.card_sheet import CardSheet
from app.runs.colours import Rgb
from app.runs.run import Run

ENDINGS = (".mp4", ".gif")
KEY = "adacache_request"  # of the settings in the comment, by which a card is known
MAX_CARD_BYTES = 64_000_000
MAX_SETTINGS_BYTES = 100_000
MAX_SENTENCE = 200
MAX_FRAMES = {".mp4": 400, ".gif": 100}  # of longer videos every second frame is shown, or every third
GIF_WIDTH = 800
COLOURS = 255  # of a GIF, which keeps one more for what does not change
MOST_FPS = 50  # of a GIF; browsers slow down faster ones
NO_SETTINGS = "this MP4 holds no settings; a share card has them, unless a program has written it anew"
_one_at_a_time, _reading = Lock(), Lock()  # cards being made, and strangers' files being read


@dataclass(frozen=True)
class Clip:
    """What is known of a run's video before it is decoded."""

    frames: int
    fps: float
    size: tuple[int, int]  # height, width


def write_card(run: Run, path: Path) -> None:
    """Write a run's card, an MP4 or a GIF by the file's ending; atomic. A ValueError says why there is none."""
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise ValueError(f"a share card is a file that ends in {' or '.join(ENDINGS)}, got {path.name}")
    try:
        with _one_at_a_time:
            clip = _look(run.video("baseline"))
            every = -(-clip.frames // MAX_FRAMES[ending])
            fps = clip.fps / every
            sheet = CardSheet(run, clip.size)
            frames = _frames(run, sheet, clip.frames, every)
            if ending == ".gif":
                _write_gif(path, frames, sheet.colours(), min(fps, MOST_FPS))
            else:
                size = sheet.image.height, sheet.image.width
                encode_mp4(path, map(np.asarray, frames), size, fps, settings_text(run.request))
    except av.FFmpegError as error:
        raise ValueError(f"a video of this run cannot be decoded: {error.strerror}") from None


def settings_text(request: Request) -> str:
    """A request as it stands in an MP4's comment."""
    return json.dumps({KEY: request.to_json()}, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def read_card(path: Path) -> Request:
    """The request inside a card; a ValueError says in one sentence why a file has none that can be used.

    The demuxer is named, so that no playlist that points at other files or hosts is ever followed.
    """
    if path.stat().st_size > MAX_CARD_BYTES:
        raise ValueError(f"the MP4 is larger than {MAX_CARD_BYTES // 1_000_000} MB")
    try:
        with _reading, av.open(str(path), format="mp4") as file:
            comment = file.metadata.get("comment", "")
    except UnicodeDecodeError:
        raise ValueError("what this MP4 says of itself is not UTF-8, so it is no share card") from None
    except av.FFmpegError as error:
        raise ValueError(f"the file cannot be read as an MP4: {error.strerror}") from None
    return read_settings(comment)


def read_settings(written: str) -> Request:
    """Read what `settings_text` wrote, or what a stranger put there: then a ValueError says why not."""
    if f'"{KEY}"' not in written:
        raise ValueError(NO_SETTINGS)
    try:
        held = parse_json(written.encode(), "what it holds", MAX_SETTINGS_BYTES)
        if not isinstance(held, dict) or KEY not in held:
            raise ValueError("they are not a JSON object of a request")
        return Request.from_json(held[KEY])
    except ValueError as error:
        raise ValueError(f"the settings in this MP4 do not fit: {str(error)[:MAX_SENTENCE]}") from None


def _look(path: Path) -> Clip:
    with av.open(str(path), format="mp4") as file:
        stream = file.streams.video[0]
        size = stream.codec_context.height, stream.codec_context.width
        if not stream.frames or not all(size):
            raise ValueError("a video of this run has no frames")
        return Clip(stream.frames, float(stream.average_rate or 8), size)


def _frames(run: Run, sheet: CardSheet, total: int, every: int) -> Iterator[Image.Image]:
    """The card frame by frame, as long as both videos go; the strips are full with the last one."""
    shown = range(0, total, every)
    decoded = [_pictures(run.video(side), every) for side in SIDES]
    for number, pictures in enumerate(zip(*decoded, strict=False), start=1):
        sides: dict[Side, Image.Image] = dict(zip(SIDES, pictures, strict=True))
        yield sheet.frame(sides, number / len(shown))


def _pictures(path: Path, every: int) -> Iterator[Image.Image]:
    with av.open(str(path), format="mp4") as file:
        for number, frame in enumerate(file.decode(file.streams.video[0])):
            if number % every == 0:
                yield frame.to_image()


def _write_gif(path: Path, frames: Iterator[Image.Image], kept: set[Rgb], fps: float) -> None:
    small = (_reduced(frame, kept) for frame in frames)
    first = next(small, None)
    if first is None:
        raise ValueError("a video of this run has no frames")
    hundredths = max(1, round(100 / fps))  # as GIF holds it
    with atomic_path(path) as temporary:
        first.save(
            temporary, "GIF", save_all=True, append_images=small, duration=10 * hundredths, loop=0, optimize=False
        )


def _reduced(frame: Image.Image, kept: set[Rgb]) -> Image.Image:
    """A frame in the size and colours of a GIF: those of the strip as they are, the others by the median cut.

    By that cut alone the videos get all colours, and rates that the strip tells apart become one.
    """
    height = round(frame.height * GIF_WIDTH / frame.width)
    small = frame.resize((GIF_WIDTH, height), Image.Resampling.LANCZOS)
    cut = small.quantize(COLOURS - len(kept)).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([*(channel for colour in sorted(kept) for channel in colour), *cut])
    return small.quantize(palette=palette, dither=Image.Dither.NONE)
