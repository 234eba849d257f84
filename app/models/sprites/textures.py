"""Textures of Sprites: many small things on the move, whose arrangement the seed decides and no caption does.

They fall or rise in columns a patch of the transformer apart and start whole patches apart: an arrangement that is
decided from noise, but of parts that are learnt.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.models.sprites.view import SIZE, Array

Colour = tuple[int, int, int]
_PATCH = 8


@dataclass(frozen=True)
class Texture:
    """What falls: half its size as (rows, columns) in pixels, colours, pixels a frame (down), pieces a column.

    spread: columns lie that many patches apart; sway: pixels to either side; behind: whether objects hide it.
    """

    half: tuple[float, float]
    colours: tuple[Colour, ...]
    drop: int
    pieces: int
    spread: int = 1
    sway: float = 0.0
    round: bool = False
    strength: float = 1.0
    behind: bool = False


TEXTURES = {
    "confetti": Texture(
        (2.6, 2.6),
        ((240, 92, 98), (250, 212, 90), (92, 148, 240), (110, 206, 112)),
        2,
        2,
        round=True,
        strength=0.9,
    ),
    "rain": Texture((6.0, 2.0), ((222, 236, 252),), 8, 1, strength=0.7),
    "leaves": Texture((2.4, 3.6), ((226, 120, 40), (190, 66, 40), (238, 178, 60)), 1, 1, sway=4, round=True),
    "party balloons": Texture(
        (6.0, 5.0),
        ((232, 70, 90), (80, 150, 236), (246, 200, 70), (130, 90, 210)),
        -1,
        1,
        2,
        round=True,
        behind=True,
    ),
}


def texture(name: str, rng: np.random.Generator, frames: int, side: int) -> tuple[Array, Array]:
    """Premultiplied colour (frames, side, side, 3) and cover (frames, side, side) of one arrangement."""
    if name not in TEXTURES:
        raise ValueError(f"unknown texture {name!r}; accepted: {', '.join(TEXTURES)}")
    kind = TEXTURES[name]
    centres, colours = _arrange(kind, rng, frames)
    colour: Array = np.zeros((frames, side, side, 3), dtype=np.float32)
    cover: Array = np.zeros((frames, side, side), dtype=np.float32)
    for index, rgb in enumerate(kind.colours):
        part = kind.strength * _pieces(kind, centres[:, colours == index], side)
        colour = colour * (1 - part[..., None]) + part[..., None] * np.array(rgb, dtype=np.float32) / 255
        cover = cover * (1 - part) + part
    return colour, cover


def _arrange(
    kind: Texture, rng: np.random.Generator, frames: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Centres (frames, pieces, 2) as (row, column) and the colour of each piece; no two pieces meet."""
    columns = np.arange(SIZE // _PATCH // kind.spread)
    margin = _PATCH * kind.spread  # leaves at one edge before it comes in at the other
    starts = (SIZE + margin) // _PATCH
    rows, places, phases = [], [], []
    for column in columns:
        first = int(rng.integers(starts))
        for piece in range(kind.pieces):
            rows.append(_PATCH * (first + piece * (starts // kind.pieces)))
            places.append(_PATCH * kind.spread * (column + 0.5))
            phases.append(int(rng.integers(2)) / 2)
    frame = np.arange(frames)[:, None]
    down = (np.array(rows) + kind.drop * frame) % (SIZE + margin) - margin / 2
    across = np.array(places) + kind.sway * np.sin(2 * np.pi * (frame / frames + np.array(phases)))
    return np.stack([down, across], axis=-1), rng.integers(len(kind.colours), size=len(rows))


def _pieces(kind: Texture, centres: NDArray[np.float64], side: int) -> Array:
    """Cover (frames, side, side) of pieces at centres (frames, pieces, 2)."""
    fine = side / SIZE
    axis = ((np.arange(side) + 0.5) / fine).astype(np.float32)
    tall, wide = kind.half
    down, across = (
        axis - centres[..., index, None].astype(np.float32) for index in (0, 1)
    )  # (frames, pieces, side)
    if not kind.round:
        rows, columns = (
            np.clip((half - np.abs(d)) * fine + 0.5, 0, 1) for half, d in ((tall, down), (wide, across))
        )
        return np.minimum(np.matmul(rows.swapaxes(1, 2), columns), 1)
    # The part of a product of bells above a level is an ellipse, and it is made of two small arrays.
    rows, columns = (np.exp(-((d / half) ** 2)) for half, d in ((tall, down), (wide, across)))
    bell = np.matmul(rows.swapaxes(1, 2), columns)
    slope = fine * min(tall, wide) * np.e / 2  # in units of the level, a pixel's width at the ellipse's edge
    return np.clip((bell - np.exp(-1)) * slope + 0.5, 0, 1)
