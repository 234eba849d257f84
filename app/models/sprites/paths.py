"""The paths of the objects of a clip: where each of them is in every frame, how large and how turned.

Several objects of one clip are alike and move alike, each at its own place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.models.sprites.vae import PIXELS
from app.models.sprites.view import SIZE, View

if TYPE_CHECKING:
    from app.models.sprites.world import Factors

FRAMES = 16
SIDE = 28.0
_PATCH = 2 * PIXELS  # pixels along a side of what is one token to the transformer
_SHARES = {"one": 1.0, "two": 0.8, "three": 0.68, "many": 0.56}  # of an object's side, where there are several
_SIZES = {"small": 0.65, "normal": 1.0, "large": 1.4}


@dataclass(frozen=True)
class Path:
    """Where an object is in each frame: centre and side in pixels, angle in radians clockwise."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    side: NDArray[np.float64]
    angle: NDArray[np.float64]

    def seen(self, view: View) -> Path:
        """The path in the picture: the camera's way and zoom taken into account."""
        middle = SIZE / 2
        return Path(
            x=(self.x - view.centre) * view.zoom + middle,
            y=(self.y - middle) * view.zoom + middle,
            side=self.side * view.zoom,
            angle=self.angle,
        )


def paths(factors: Factors, rng: np.random.Generator) -> list[Path]:
    """One path an object; none in an empty scene."""
    if factors.object is None:
        return []
    one = _path(factors, rng)
    share = _SHARES[factors.count] * _SIZES[factors.size]
    if factors.count == "one":
        return [Path(one.x, one.y, one.side * share, one.angle)]
    places = _places(factors.count, rng)
    if factors.motion in ("left", "right", "swaying"):
        places = places[:, ::-1]  # side by side across the way they go
    # A group is centred, and what says where it rests is the place of each object in it.
    centre_x = SIZE / 2 if np.ptp(one.x) == 0 else one.x
    centre_y = SIZE / 2 if np.ptp(one.y) == 0 else one.y
    still = np.zeros(FRAMES)
    return [Path(centre_x + x + still, centre_y + y + still, one.side * share, one.angle) for x, y in places]


def _places(count: str, rng: np.random.Generator) -> NDArray[np.float64]:
    """Places (objects, 2) about the group's centre, whole cells apart; the second coordinate is a little open."""
    if count == "two":
        return np.array([(x, 4.0 * rng.choice([-1, 1])) for x in (-12.0, 12.0)])
    if count == "three":
        return np.array([(x, 4.0 * rng.choice([-1, 1])) for x in (-20.0, 0.0, 20.0)])
    cells = [(x, y) for y in (-10.0, 10.0) for x in (-20.0, 0.0, 20.0)]
    if rng.random() < 0.5:  # five of the six
        cells.pop(int(rng.integers(len(cells))))
    return np.array(cells)


def _path(factors: Factors, rng: np.random.Generator) -> Path:
    """Places are whole pixels, and lie a whole patch of the transformer apart where nothing moves.

    A small transformer has to learn every object at every place within a patch; continuous places are too many.
    """
    fast = factors.speed == "fast"
    time = np.linspace(0, 1, FRAMES)
    x, y = (np.full(FRAMES, 28.0 + _PATCH * rng.integers(2)) for _ in range(2))
    side, angle = np.full(FRAMES, SIDE), np.zeros(FRAMES)
    start = 16.0 + (0 if fast else _PATCH * rng.integers(3))
    line = start + (FRAMES - 1) * (2 if fast else 1) * time
    if factors.motion in ("left", "rising"):
        line = SIZE - line
    if factors.motion in ("right", "left"):
        x = line
    elif factors.motion in ("rising", "falling"):
        y = line
    elif factors.motion == "bouncing":
        hop = (time * (2.5 if fast else 1.0)) % 1.0
        y = 2 * np.round((47 - 22 * 4 * hop * (1 - hop)) / 2)
    elif factors.motion == "spinning":
        angle = np.radians(330 if fast else 110) * time
    elif factors.motion in ("growing", "shrinking"):
        low, high = (14, 42) if fast else (24, 33)
        side = low + (high - low) * (time if factors.motion == "growing" else 1 - time)
    elif factors.motion == "swaying":
        turns = 2.5 if fast else 1.0
        x = np.round(32 + 11 * rng.choice([-1, 1]) * np.sin(2 * np.pi * turns * time))
    return Path(x, y, side, angle)
