"""The world a Sprites model learns: captioned clips of emoji over a background, rendered from a seed.

Everything in a clip is a function of its seed, so a data set is a range of integers.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.models.sprites.backgrounds import background
from app.models.sprites.captions import describe
from app.models.sprites.objects import draw_object
from app.models.sprites.paths import FRAMES, paths
from app.models.sprites.textures import TEXTURES, texture
from app.models.sprites.view import SIZE, View, view
from app.models.sprites.vocabulary import SLOTS, Vocabulary, load_vocabulary

HELD_OUT_SHARE = 0.05
PLAIN_SHARE = 0.4  # of the clips of a world with more factors than the first four: these at their defaults
NIGHT = (0.42, 0.46, 0.7)  # what is left of each colour when night has fallen
_BLINK = 2  # frames an object that blinks is there, then as many away: a token of the transformer


@dataclass(frozen=True)
class Factors:
    """What happens in a clip of a vocabulary's world; a slot that the vocabulary lacks has its default.

    An empty scene has no object, and what would belong to one is None or its default; a still object has no speed.
    """

    object: str | None
    background: str
    motion: str | None
    speed: str | None
    count: str = "one"
    size: str = "normal"
    texture: str = "clear"
    camera: str = "fixed"
    change: str = "steady"
    vocabulary: Vocabulary = field(default_factory=load_vocabulary, repr=False)

    def __post_init__(self) -> None:
        self.vocabulary.find("background", self.background)
        for slot in MORE_SLOTS:
            if slot in self.vocabulary.slots:
                self.vocabulary.find(slot, getattr(self, slot))
            elif getattr(self, slot) != _DEFAULTS[slot]:
                raise ValueError(f"{slot} is {getattr(self, slot)!r}; accepted in this world: {_DEFAULTS[slot]}")
        if self.count == "empty":
            if (self.object, self.motion, self.speed, self.size) != (None, None, None, "normal"):
                raise ValueError(f"an empty scene has object {self.object!r}; accepted: nothing of an object's")
            if self.change == "blinking":
                raise ValueError("change is 'blinking' in an empty scene; accepted: where there are objects")
            return
        self.vocabulary.find("object", str(self.object))
        self.vocabulary.find("motion", str(self.motion))
        if (self.speed is None) != (self.motion == "still"):
            raise ValueError(f"speed {self.speed!r} with motion {self.motion!r}; accepted: None only when still")
        if self.speed is not None:
            self.vocabulary.find("speed", self.speed)

    def held_out(self) -> bool:
        """Whether this combination of words is kept out of training (5 % of all combinations).

        What is at its default does not count: a plain clip is held out in every world or in none.
        """
        more = [getattr(self, slot) for slot in MORE_SLOTS if getattr(self, slot) != _DEFAULTS[slot]]
        key = "/".join(str(value) for value in (*(getattr(self, slot) for slot in SLOTS), *more))
        return hashlib.sha256(key.encode()).digest()[0] < HELD_OUT_SHARE * 256


MORE_SLOTS = ("count", "size", "texture", "camera", "change")
_DEFAULTS = {slot: str(getattr(Factors, slot)) for slot in MORE_SLOTS}


@dataclass(frozen=True)
class Clip:
    """frames (16, side, side, 3) uint8, one caption and the factors behind it.

    cover (16, side, side) uint8: how much of a pixel is an object's or a texture's, not the background's.
    """

    frames: NDArray[np.uint8]
    cover: NDArray[np.uint8]
    caption: str
    factors: Factors


def clip(seed: int, held_out: bool = False, vocabulary: Vocabulary | None = None, side: int = SIZE) -> Clip:
    """Draws factors from the seed (from the held-out combinations if asked) and renders them."""
    rng = np.random.default_rng((seed, int(held_out)))
    factors = draw_factors(rng, held_out, vocabulary or load_vocabulary())
    return render(factors, rng, side)


def draw_factors(
    rng: np.random.Generator, held_out: bool = False, vocabulary: Vocabulary | None = None
) -> Factors:
    """Uniform over each of the first four slots, the others mostly at their defaults; training or held-out."""
    vocabulary = vocabulary or load_vocabulary()
    while True:
        drawn = {slot: str(rng.choice(vocabulary.names(slot))) for slot in SLOTS}
        speed = None if drawn["motion"] == "still" else drawn["speed"]
        more = _draw_more(rng, vocabulary, drawn["background"])
        if more.get("count") == "empty":
            more.pop("size", None)
            factors = Factors(None, drawn["background"], None, None, **more, vocabulary=vocabulary)
        else:
            factors = Factors(
                drawn["object"], drawn["background"], drawn["motion"], speed, **more, vocabulary=vocabulary
            )
        if factors.held_out() == held_out:
            return factors


def _draw_more(rng: np.random.Generator, vocabulary: Vocabulary, place: str) -> dict[str, str]:
    """None, one or two of the further slots of a vocabulary, each at another word than its default."""
    slots = [slot for slot in vocabulary.slots if slot in MORE_SLOTS]
    if not slots or rng.random() < PLAIN_SHARE:
        return {}
    more = {}
    for slot in rng.choice(slots, size=int(rng.integers(1, 3)), replace=False).tolist():
        words = [word.name for word in vocabulary.slot(slot) if not word.default]
        more[slot] = str(rng.choice(words))
    if vocabulary.find("background", place).colour:
        more.pop("camera", None)  # before a plain wall nobody sees whether the camera or the object moves
    if more.get("count") == "many":
        more.pop("size", None)  # the smallest would be a few pixels
    if more.get("count") == "empty" and more.get("change") == "blinking":
        more.pop("change")
    return more


def render(factors: Factors, rng: np.random.Generator, side: int = SIZE) -> Clip:
    """Renders given factors; the generator decides place, size, phase and the caption's wording."""
    times = np.linspace(0, 1, FRAMES, dtype=np.float32)
    seen = view(factors.camera, FRAMES, side)
    frames = background(factors.background, rng, times, seen)  # (frames or 1, side, side, 3)
    cover = np.zeros((1, 1, 1), dtype=np.float32)
    for colour, part in _layers(factors, rng, seen):
        frames = frames * (1 - part[..., None]) + colour
        cover = cover * (1 - part) + part
    if factors.change == "nightfall":
        frames = frames * (1 + times[:, None, None, None] * (np.array(NIGHT, np.float32) - 1))
    shape = (FRAMES, side, side)
    return Clip(
        frames=np.clip(np.broadcast_to(frames, (*shape, 3)) * 255 + 0.5, 0, 255).astype(np.uint8),
        cover=np.clip(np.broadcast_to(cover, shape) * 255 + 0.5, 0, 255).astype(np.uint8),
        caption=describe(factors, rng),
        factors=factors,
    )


def _layers(
    factors: Factors, rng: np.random.Generator, seen: View
) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """What covers the background, from far to near: premultiplied colour and cover of each layer."""
    layers = []
    if factors.object is not None:
        faces_left = factors.vocabulary.find("object", factors.object).faces_left
        mirrored = faces_left and factors.motion == "right"
        for path in paths(factors, rng):
            layers.append(draw_object(factors.vocabulary, factors.object, mirrored, path.seen(seen), seen.side))
    if factors.change == "blinking":
        there = (np.arange(FRAMES) // _BLINK % 2 == 0).astype(np.float32)[:, None, None]
        layers = [(colour * there[..., None], cover * there) for colour, cover in layers]
    if factors.texture != "clear":
        # On the lens, not in the world: the camera's way does not move it.
        pieces = texture(factors.texture, rng, FRAMES, seen.side)
        layers.insert(0 if TEXTURES[factors.texture].behind else len(layers), pieces)
    return layers
