"""Procedural backgrounds of Sprites: pretty, smooth, told apart by colour and structure.

Each is a function of a seeded generator and the frames' times, and returns RGB in [0, 1].
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from app.models.sprites.view import SIZE, Array, View

Painter = Callable[[np.random.Generator, Array, View], Array]


def background(name: str, rng: np.random.Generator, times: Array, view: View) -> Array:
    """Paints what a view shows at times in [0, 1] -> (frames, side, side, 3) in [0, 1].

    Where neither the background nor the view moves there is 1 frame.
    """
    if name not in PAINTERS:
        raise ValueError(f"unknown background {name!r}; accepted: {', '.join(PAINTERS)}")
    return np.clip(PAINTERS[name](rng, times, view), 0.0, 1.0).astype(np.float32)


def _night(rng: np.random.Generator, times: Array, view: View) -> Array:
    image = _vertical(view, (8, 10, 40), (20, 22, 74), (56, 48, 112))
    stars = _layout(11, 15)
    stars[:, 1] += rng.uniform(-5, 5)
    return _blend(image, _blobs(view, stars[None], 1.15), (255, 246, 214), 0.95)


def _ocean(rng: np.random.Generator, times: Array, view: View) -> Array:
    image = _vertical(view, (178, 222, 246), (216, 238, 248), (216, 238, 248))
    phase = rng.uniform(0, 1)
    layers = (
        (17, 1.6, 2.0, 0.6, (74, 168, 214)),
        (29, 2.2, 1.5, 0.9, (44, 130, 194)),
        (42, 2.8, 1.5, 1.2, (26, 96, 166)),
        (55, 3.2, 1.0, 1.3, (14, 66, 130)),
    )
    for index, (level, height, waves, speed, colour) in enumerate(layers):
        turn = waves * view.x / SIZE + phase + 0.37 * index + speed * times[:, None, None]
        crest = level + height * np.sin(2 * np.pi * turn)
        image = _blend(image, view.edge(view.y - crest), colour)
        image = _blend(image, np.exp(-(((view.y - crest - 0.8) / 1.1) ** 2)), (226, 246, 252), 0.6)
    return image


def _meadow(rng: np.random.Generator, times: Array, view: View) -> Array:
    image = _vertical(view, (104, 186, 246), (184, 226, 250), (212, 240, 250))
    shift = rng.uniform(-6, 6)
    far = 34 + 4 * np.sin(2 * np.pi * (view.x + shift) / 58)
    near = 45 + 4 * np.sin(2 * np.pi * (view.x + shift) / 72 + 2.4)
    image = _blend(image, view.edge((view.y - far) / 1.5), (126, 196, 92))
    return _blend(image, view.edge((view.y - near) / 1.5), (78, 158, 62))


def _desert(rng: np.random.Generator, times: Array, view: View) -> Array:
    image = _vertical(view, (250, 214, 140), (254, 234, 184), (254, 240, 204))
    shift = rng.uniform(-6, 6)
    far = 32 + 5 * np.sin(2 * np.pi * (view.x + shift) / 64 + 0.6)
    near = 44 + 6 * np.sin(2 * np.pi * (view.x + shift) / 76 + 3.0)
    image = _blend(image, view.edge((view.y - far) / 1.5), (226, 168, 92))
    return _blend(image, view.edge((view.y - near) / 1.5), (202, 134, 62))


def _snow(rng: np.random.Generator, times: Array, view: View) -> Array:
    image = _vertical(view, (112, 134, 172), (158, 178, 208), (190, 206, 228))
    wave = 2.5 * np.sin(view.x / 10 + rng.uniform(0, 6.28))
    image = _blend(image, view.edge((view.y - 53 - wave) / 1.5), (240, 246, 252))
    flakes = _layout(5, 14)
    flakes[:, 1] += rng.uniform(-5, 5)
    drop = rng.uniform(0, SIZE) + 26 * times
    rows = (flakes[None, :, 0] + drop[:, None] + 4) % (SIZE + 8) - 4
    columns = np.broadcast_to(flakes[None, :, 1], rows.shape)
    return _blend(image, _blobs(view, np.stack([rows, columns], axis=-1), 1.6), (255, 255, 255), 0.95)


def _sunset(rng: np.random.Generator, times: Array, view: View) -> Array:
    image = _vertical(view, (92, 54, 128), (232, 96, 92), (254, 190, 92))
    column = 32 + rng.uniform(-10, 10)
    distance = np.hypot(view.x - column, view.y - 43)
    image = _blend(image, np.exp(-((distance / 20) ** 2)), (255, 214, 120), 0.7)
    image = _blend(image, view.edge((9.5 - distance) / 1.2), (255, 244, 190))
    return _blend(image, view.edge((view.y - 47) / 1.2), (74, 34, 82))


def _city(rng: np.random.Generator, times: Array, view: View) -> Array:
    image = _vertical(view, (22, 26, 60), (52, 48, 98), (104, 76, 122))
    layout = np.random.default_rng(3)
    left = rng.uniform(-6, 6) - 10
    for width in layout.integers(10, 15, size=8):
        top = float(layout.uniform(18, 42))
        inside = view.edge(view.x - left) * view.edge(left + width - 1.5 - view.x) * view.edge(view.y - top)
        image = _blend(image, inside, (18, 18, 36))
        lit = _box(view, (view.x - left - 2.5) % 5.5) * _box(view, (view.y - top - 3.5) % 7.0) * inside
        lit = lit * (left + 1.5 < view.x) * (left + width - 3 > view.x) * (top + 2 < view.y)
        image = _blend(image, lit, (255, 206, 104), 0.9)
        left += width
    return image


def _grey(rng: np.random.Generator, times: Array, view: View) -> Array:
    shade = 176 + rng.uniform(-6, 6)
    return _vertical(view, (shade + 14,) * 3, (shade,) * 3, (shade - 26,) * 3)


def _pink(rng: np.random.Generator, times: Array, view: View) -> Array:
    shade = rng.uniform(-6, 6)
    return _vertical(view, (255, 196 + shade, 220), (252, 170 + shade, 204), (240, 136 + shade, 182))


def _forest(rng: np.random.Generator, times: Array, view: View) -> Array:
    image = _vertical(view, (26, 74, 52), (58, 116, 74), (104, 152, 92))
    shift = rng.uniform(-4, 4)
    for column, width in ((-10, 2.4), (4, 3.4), (17, 2.4), (31, 3.0), (46, 2.4), (59, 3.4), (73, 2.4)):
        trunk = view.edge((width - np.abs(view.x - column - shift)) / 0.8)
        image = _blend(image, trunk, (66, 46, 34), 0.9)
    canopy = 9 + 3 * np.sin((view.x + shift) / 4.5)
    image = _blend(image, view.edge((canopy - view.y) / 1.5), (20, 58, 40))
    return _blend(image, view.edge((view.y - 54 - 1.5 * np.sin((view.x + shift) / 7)) / 1.5), (44, 82, 40))


def _underwater(rng: np.random.Generator, times: Array, view: View) -> Array:
    image = _vertical(view, (86, 208, 214), (20, 142, 176), (6, 72, 120))
    turn = (view.x + 0.45 * view.y) / 21 + rng.uniform(0, 1) + 0.5 * times[:, None, None]
    rays = np.clip(np.sin(2 * np.pi * turn), 0, 1) * (1 - view.y / SIZE)
    image = _blend(image, rays, (206, 252, 244), 0.45)
    bubbles = _layout(8, 7)
    bubbles[:, 1] += rng.uniform(-5, 5)
    rows = (bubbles[None, :, 0] - 20 * times[:, None] + rng.uniform(0, SIZE) + 4) % (SIZE + 8) - 4
    columns = np.broadcast_to(bubbles[None, :, 1], rows.shape)
    image = _blend(image, _blobs(view, np.stack([rows, columns], axis=-1), 1.5), (214, 250, 250), 0.7)
    return _blend(image, view.edge((view.y - 57 - 2 * np.sin(view.x / 8)) / 1.5), (196, 172, 116))


def _sky(rng: np.random.Generator, times: Array, view: View) -> Array:
    image = _vertical(view, (58, 140, 228), (110, 180, 242), (176, 218, 250))
    centre = rng.uniform(0, SIZE) + 12 * times[:, None, None]
    cover = np.zeros((len(times), view.side, view.side), dtype=np.float32)
    for row, column, wide, tall in ((14, 0, 9, 4.5), (17, 8, 7, 3.5), (44, 34, 10, 4.5), (47, 26, 7, 3.5)):
        across = (view.x - column - centre + 1.5 * SIZE) % SIZE - SIZE / 2
        cover = np.maximum(cover, np.exp(-((across / wide) ** 2) - ((view.y - row) / tall) ** 2))
    return _blend(image, view.edge((cover - 0.42) * 9), (250, 252, 255), 0.92)


PAINTERS: dict[str, Painter] = {
    "night": _night,
    "ocean": _ocean,
    "meadow": _meadow,
    "desert": _desert,
    "snow": _snow,
    "sunset": _sunset,
    "city": _city,
    "grey": _grey,
    "pink": _pink,
    "forest": _forest,
    "underwater": _underwater,
    "sky": _sky,
}


def _vertical(view: View, *stops: tuple[float, float, float]) -> Array:
    rows = view.y[..., 0].astype(np.float64) * ((len(stops) - 1) / (SIZE - 1))  # (frames, side)
    levels = np.array(stops, dtype=np.float32) / 255
    bands = np.stack([np.interp(rows, range(len(stops)), levels[:, c]) for c in range(3)], axis=-1)
    return np.repeat(bands[:, :, None, :], view.side, axis=2).astype(np.float32)  # (frames, side, side, 3)


def _blend(image: Array, cover: Array, colour: tuple[float, float, float], strength: float = 1.0) -> Array:
    alpha = (cover * strength)[..., None]
    return np.asarray(image * (1 - alpha) + np.array(colour, dtype=np.float32) / 255 * alpha, dtype=np.float32)


def _box(view: View, offset: Array) -> Array:
    return view.edge(offset) * view.edge(2.8 - offset)


def _blobs(view: View, centres: Array, sigma: float) -> Array:
    """Soft dots: centres (frames or 1, dots, 2) as (row, column) -> cover (frames or 1, side, side)."""
    if view.pans:  # the arrangement goes on beyond the picture's edges
        centres = np.concatenate([centres + np.array((0, way * SIZE), np.float32) for way in (-1, 0, 1)], axis=1)
    rows = np.exp(-((view.y.swapaxes(1, 2) - centres[..., 0:1]) ** 2) / (2 * sigma**2))
    columns = np.exp(-((view.x - centres[..., 1:2]) ** 2) / (2 * sigma**2))
    return np.clip(np.einsum("fdy,fdx->fyx", rows, columns), 0, 1).astype(np.float32)


def _layout(seed: int, count: int) -> Array:
    """Spread-out dots whose arrangement never changes: a fixed arrangement is learnt, a random one is noise."""
    rng = np.random.default_rng(seed)
    dots: list[NDArray[np.float64]] = []
    while len(dots) < count:
        dot = rng.uniform(2, SIZE - 2, size=2)
        if all(np.hypot(*(dot - other)) > 11 for other in dots):
            dots.append(dot)
    return np.array(dots, dtype=np.float32)
