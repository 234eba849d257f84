"""The world Sprites learns: captioned clips of an emoji moving over a background, rendered from a seed.

Everything in a clip is a function of its seed, so a data set is a range of integers.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image

from app.common.paths import SPRITES
from app.models.sprites.backgrounds import SIZE, background
from app.models.sprites.vae import PIXELS
from app.models.sprites.vocabulary import SLOTS, indefinite, load_vocabulary

FRAMES = 16
TILE = 64
SHEET_COLUMNS = 9
MISSING_RATE = 0.1
HELD_OUT_SHARE = 0.05
_OVERSAMPLING = 2
_PATCH = 2 * PIXELS  # pixels along a side of what is one token to the transformer


@dataclass(frozen=True)
class Factors:
    """What happens in a clip; speed is None exactly for a still object."""

    object: str
    background: str
    motion: str
    speed: str | None

    def __post_init__(self) -> None:
        vocabulary = load_vocabulary()
        vocabulary.find("object", self.object)
        vocabulary.find("background", self.background)
        vocabulary.find("motion", self.motion)
        if (self.speed is None) != (self.motion == "still"):
            raise ValueError(f"speed {self.speed!r} with motion {self.motion!r}; accepted: None only when still")
        if self.speed is not None:
            vocabulary.find("speed", self.speed)

    def held_out(self) -> bool:
        """Whether this combination of words is kept out of training (5 % of all combinations)."""
        key = "/".join(str(getattr(self, slot)) for slot in SLOTS)
        return hashlib.sha256(key.encode()).digest()[0] < HELD_OUT_SHARE * 256


@dataclass(frozen=True)
class Path:
    """Where the object is in each frame: centre and side in pixels, angle in radians clockwise."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    side: NDArray[np.float64]
    angle: NDArray[np.float64]


@dataclass(frozen=True)
class Clip:
    """frames (16, 64, 64, 3) uint8, object cover (16, 64, 64) uint8, one caption and the factors behind it."""

    frames: NDArray[np.uint8]
    cover: NDArray[np.uint8]
    caption: str
    factors: Factors


def clip(seed: int, held_out: bool = False) -> Clip:
    """Draws factors from the seed (from the held-out combinations if asked) and renders them."""
    rng = np.random.default_rng((seed, int(held_out)))
    factors = draw_factors(rng, held_out)
    return render(factors, rng)


def draw_factors(rng: np.random.Generator, held_out: bool = False) -> Factors:
    """Uniform over each slot, restricted to training or to held-out combinations."""
    vocabulary = load_vocabulary()
    while True:
        drawn = {slot: str(rng.choice(vocabulary.names(slot))) for slot in SLOTS}
        speed = None if drawn["motion"] == "still" else drawn["speed"]
        factors = Factors(drawn["object"], drawn["background"], drawn["motion"], speed)
        if factors.held_out() == held_out:
            return factors


def render(factors: Factors, rng: np.random.Generator) -> Clip:
    """Renders given factors; the generator decides place, size, phase and the caption's wording."""
    times = np.linspace(0, 1, FRAMES, dtype=np.float32)
    scene = background(factors.background, rng, times)  # (frames or 1, height, width, 3)
    colour, cover = _sprite(factors, _path(factors, rng))
    frames = scene * (1 - cover[..., None]) + colour
    return Clip(
        frames=np.clip(frames * 255 + 0.5, 0, 255).astype(np.uint8),
        cover=np.clip(cover * 255 + 0.5, 0, 255).astype(np.uint8),
        caption=describe(factors, rng),
        factors=factors,
    )


def describe(factors: Factors, rng: np.random.Generator) -> str:
    """A caption in varying words and order; each slot is left out one time in ten, never all of them."""
    vocabulary = load_vocabulary()
    kept = [slot for slot in SLOTS if getattr(factors, slot) is not None and rng.random() >= MISSING_RATE]
    if not kept:
        kept = ["object"]
    parts: dict[str, str] = {}
    for slot in kept:
        word = vocabulary.find(slot, getattr(factors, slot))
        names = (word.name, *word.synonyms) if slot == "object" else word.phrases
        parts[slot] = str(rng.choice(names))
    if "object" in parts:
        article = str(rng.choice(["a", "the", ""]))
        noun = parts["object"]
        parts["object"] = indefinite(noun) if article == "a" else f"{article} {noun}".strip()
    orders = (
        ("object", "motion", "speed", "background"),
        ("object", "background", "motion", "speed"),
        ("background", "object", "motion", "speed"),
        ("object", "speed", "motion", "background"),
    )
    order = orders[int(rng.integers(len(orders)))]
    return " ".join(parts[slot] for slot in order if slot in parts)


def _path(factors: Factors, rng: np.random.Generator) -> Path:
    """Places are whole pixels, and lie a whole patch of the transformer apart where nothing moves.

    A small transformer has to learn every object at every place within a patch; continuous places are too many.
    """
    fast = factors.speed == "fast"
    time = np.linspace(0, 1, FRAMES)
    x, y = (np.full(FRAMES, 28.0 + _PATCH * rng.integers(2)) for _ in range(2))
    side, angle = np.full(FRAMES, 28.0), np.zeros(FRAMES)
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


def _sprite(factors: Factors, path: Path) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Premultiplied colour (frames, 64, 64, 3) and cover (frames, 64, 64), anti-aliased by oversampling."""
    tile = _tiles()[load_vocabulary().names("object").index(factors.object)]
    mirrored = load_vocabulary().find("object", factors.object).faces_left and factors.motion == "right"
    scale = SIZE / path.side
    cosine, sine = np.cos(path.angle) * scale, np.sin(path.angle) * scale
    # grid_sample's unit is half the picture, from edge to edge; the object's centre maps to the tile's centre.
    shift_x, shift_y = path.x * 2 / SIZE - 1, path.y * 2 / SIZE - 1
    theta = np.zeros((FRAMES, 2, 3), dtype=np.float32)
    theta[:, 0] = np.stack([cosine, sine, -(cosine * shift_x + sine * shift_y)], axis=1)
    theta[:, 1] = np.stack([-sine, cosine, sine * shift_x - cosine * shift_y], axis=1)
    if mirrored:
        theta[:, 0] *= -1
    fine = SIZE * _OVERSAMPLING
    grid = F.affine_grid(torch.from_numpy(theta), [FRAMES, 4, fine, fine], align_corners=False)
    source = tile[None].expand(FRAMES, -1, -1, -1)
    drawn = F.avg_pool2d(F.grid_sample(source, grid, align_corners=False), _OVERSAMPLING)  # (frames, 4, 64, 64)
    pixels = drawn.permute(0, 2, 3, 1).contiguous().numpy()
    return pixels[..., :3], pixels[..., 3]


@lru_cache(maxsize=1)
def _tiles() -> torch.Tensor:
    """The emoji sheet as premultiplied tiles (objects, 4, 64, 64) in [0, 1]."""
    sheet = np.asarray(Image.open(SPRITES / "emoji.png").convert("RGBA"), dtype=np.float32) / 255
    tiles = []
    for index in range(len(load_vocabulary().names("object"))):
        row, column = divmod(index, SHEET_COLUMNS)
        tile = sheet[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]
        tiles.append(np.concatenate([tile[..., :3] * tile[..., 3:], tile[..., 3:]], axis=-1))
    return torch.from_numpy(np.stack(tiles)).permute(0, 3, 1, 2).contiguous()
