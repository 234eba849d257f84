"""Video sizes of Open-Sora 1.2: resolution and aspect ratio to pixels, and the lengths it takes.

The table in assets/opensora/sizes.json is upstream's (v1.2.0, opensora/datasets/aspect.py).
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

TABLE = Path(__file__).parents[3] / "assets" / "opensora" / "sizes.json"
CHUNK = 17  # frames the VAE encodes at once; other lengths have no timestep schedule upstream
MAX_FRAMES = 816
SMALLEST_SIDE = 64


@dataclass(frozen=True)
class VideoSize:
    """Height and width in pixels, and frames: 1 for an image, else a multiple of 17.

    Sides need not be multiples of 8: the transformer is told the size asked for, the video is cut to whole
    latents, 480 x 854 to 480 x 848.
    """

    height: int
    width: int
    frames: int

    def __post_init__(self) -> None:
        for name, side in (("height", self.height), ("width", self.width)):
            if side < SMALLEST_SIDE:
                raise ValueError(f"{name} must be at least {SMALLEST_SIDE} pixels, got {side}")
        if self.frames != 1 and (self.frames % CHUNK or not CHUNK <= self.frames <= MAX_FRAMES):
            raise ValueError(f"frames must be 1 or a multiple of {CHUNK} up to {MAX_FRAMES}, got {self.frames}")


PAPER_SIZE = VideoSize(height=480, width=854, frames=51)


def video_size(resolution: str, aspect_ratio: str, length: str | int) -> VideoSize:
    """The size upstream gives a resolution ("480p"), a ratio height:width ("9:16") and a length ("2s" or 51)."""
    table = sizes()
    ratios = _entry(table["resolutions"], resolution, "resolution")
    height, width = _entry(ratios, aspect_ratio, "aspect ratio (height:width)")
    frames = length if isinstance(length, int) else _entry(table["frames"], length, "length")
    return VideoSize(height, width, frames)


@cache
def sizes() -> dict[str, Any]:
    """The table: "resolutions" by name and ratio, and "frames" by length."""
    table: dict[str, Any] = json.loads(TABLE.read_text())
    return table


def _entry(table: dict[str, Any], name: str, what: str) -> Any:
    if name not in table:
        raise ValueError(f"{what} must be one of {', '.join(table)}, got {name!r}")
    return table[name]
