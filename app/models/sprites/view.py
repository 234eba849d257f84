"""The view of a clip: which place of the world each pixel of each frame shows, for any camera and any sharpness.

The world is measured in units of which a still picture shows 64 x 64; a picture has 64 pixels a side, or more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIZE = 64
ZOOM = 1.5

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class View:
    """Places of the pixels in world units, x (frames, 1, side) and y (frames, side, 1); 1 frame if nothing moves.

    centre (frames,) and zoom (frames,) say the same of the camera: where it looks in x, and how close.
    """

    x: Array
    y: Array
    centre: Array
    zoom: Array

    @property
    def side(self) -> int:
        """Pixels along a side of the picture."""
        return self.x.shape[-1]

    @property
    def pans(self) -> bool:
        """Whether it shows more of the world than one picture's width."""
        return bool(np.ptp(self.centre) > 0)

    def edge(self, distance: Array) -> Array:
        """Cover in [0, 1] of what begins at distance 0 (in units): a ramp as wide as a pixel."""
        return np.clip(distance * (self.side / SIZE) + 0.5, 0.0, 1.0)


def view(camera: str, frames: int, side: int) -> View:
    """What a camera sees: "fixed", or one that pans a unit a frame or zooms by half; ValueError for others."""
    frame = np.arange(frames)
    if camera == "fixed":
        centre, zoom = np.full(1, SIZE / 2), np.ones(1)
    elif camera in ("pan left", "pan right"):
        way = 1 if camera == "pan right" else -1
        centre, zoom = SIZE / 2 + way * (frame - frames / 2), np.ones(frames)
    elif camera in ("zoom in", "zoom out"):
        closer = 1 + (ZOOM - 1) * frame / (frames - 1)
        centre, zoom = np.full(frames, SIZE / 2), closer if camera == "zoom in" else closer[::-1]
    else:
        raise ValueError(f"camera is {camera!r}; accepted: fixed, pan left, pan right, zoom in, zoom out")
    pixels = (np.arange(side) + 0.5) * SIZE / side - 0.5
    middle = (SIZE - 1) / 2  # a pixel's place is that of its centre, and the picture's middle lies between two
    places = (pixels - middle) / zoom[:, None] + middle
    return View(
        x=(places + centre[:, None] - SIZE / 2)[:, None, :].astype(np.float32),
        y=places[:, :, None].astype(np.float32),
        centre=centre,
        zoom=zoom,
    )
