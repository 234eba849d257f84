"""ConditionImage: a picture that a video is to start from or to end with, known by what its pixels are.

What comes from outside is decoded within limits, turned as its EXIF says, and kept as a PNG without metadata.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from app.common.validation import shown

ImagePlace = Literal["image", "last_image"]  # by the names of the settings that ask for one
PLACES: tuple[ImagePlace, ...] = get_args(ImagePlace)
WORDS: dict[ImagePlace, str] = {"image": "first frame", "last_image": "last frame"}
FORMATS = ("PNG", "JPEG", "WEBP")
MAX_BYTES = 20_000_000  # of a file from outside
MAX_PIXELS = 50_000_000  # that are decoded
MAX_SIDE = 3840  # a larger image is reduced to it once, when it is read; no model here makes larger videos of use
THUMBNAIL_SIDE = 240
IMAGE_ID = re.compile(r"[0-9a-f]{64}")
_decoding = Lock()  # one image at a time, as a file of kilobytes can hold all those pixels


@dataclass(frozen=True, eq=False)
class ConditionImage:
    """A picture; two with the same pixels have the same id, in whatever file they came."""

    pixels: NDArray[np.uint8]  # (height, width, 3)

    def __post_init__(self) -> None:
        if self.pixels.dtype != np.uint8 or self.pixels.ndim != 3 or self.pixels.shape[2] != 3:
            raise ValueError(f"an image is (height, width, 3) of uint8, got {self.pixels.shape}")

    @classmethod
    def read(cls, data: bytes) -> Self:
        """Decode a file from outside; a ValueError says in one line why it is no image that can be used."""
        if len(data) > MAX_BYTES:
            raise ValueError(f"the image is larger than {MAX_BYTES // 10**6} MB")
        return cls(_decoded(data))

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read a file; a ValueError names it and says in one line why it cannot be used."""
        try:
            with path.open("rb") as file:
                return cls.read(file.read(MAX_BYTES + 1))
        except OSError as error:
            raise ValueError(f"{path}: {error.strerror}") from None
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None

    @classmethod
    def read_kept(cls, data: bytes, id: str | None = None) -> Self:
        """Decode a file that `png` wrote; a ValueError where its pixels are not those of a known id."""
        image = cls(_decoded(data))
        if id not in (None, image.id):
            raise ValueError("the image kept here is another one")
        return image

    @cached_property
    def id(self) -> str:
        """What a request knows it by: a hash of its shape and pixels."""
        height, width, _ = self.pixels.shape
        return sha256(f"{width} x {height} RGB\n".encode() + self.pixels.tobytes()).hexdigest()

    def png(self) -> bytes:
        """A file with these pixels and nothing else."""
        buffer = BytesIO()
        Image.fromarray(self.pixels).save(buffer, "PNG")
        return buffer.getvalue()

    def thumbnail(self) -> bytes:
        """A small WebP to look at."""
        small = Image.fromarray(self.pixels)
        small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
        buffer = BytesIO()
        small.save(buffer, "WEBP", quality=80)
        return buffer.getvalue()

    def fitted(self, height: int, width: int) -> NDArray[np.uint8]:
        """(height, width, 3): the image resized until it fills that, and its middle cut out, as upstream does."""
        image = Image.fromarray(self.pixels)
        by_height, by_width = height / image.height, width / image.width
        if by_height > by_width:
            filled = image.resize((round(image.width * by_height), height), Image.Resampling.BICUBIC)
        else:
            filled = image.resize((width, round(image.height * by_width)), Image.Resampling.BICUBIC)
        left, top = round((filled.width - width) / 2), round((filled.height - height) / 2)
        return np.asarray(filled.crop((left, top, left + width, top + height)))


Images = Mapping[str, ConditionImage]  # by id
NO_IMAGES: Images = {}


def check_image_id(name: str, value: object) -> None:
    """A ValueError unless a value is an image's id."""
    if not isinstance(value, str) or not IMAGE_ID.fullmatch(value):
        raise ValueError(f"{name} must be an image's id, 64 hexadecimal digits, got {shown(value)}")


def missing_image(place: ImagePlace) -> ValueError:
    """That an image which a request asks for is not here."""
    return ValueError(f"the image of the {WORDS[place]} is not here; give it again")


def _decoded(data: bytes) -> NDArray[np.uint8]:
    try:
        with _decoding, Image.open(BytesIO(data), formats=FORMATS) as image:
            width, height, mode = image.width, image.height, image.mode
            readable = width * height <= MAX_PIXELS and mode[0] not in "IF"
            turned = ImageOps.exif_transpose(image).convert("RGB") if readable else None
    except Exception:  # a stranger's file can break a decoder in any way
        raise ValueError("the image cannot be read; a whole PNG, JPEG or WebP file is accepted") from None
    if width * height > MAX_PIXELS:
        most = f"at most {MAX_PIXELS // 10**6} million are read"
        raise ValueError(f"the image has {width} x {height} pixels; {most}")
    if turned is None:
        raise ValueError("the image has more than 8 bits a colour; save it with 8")
    turned.thumbnail((MAX_SIDE, MAX_SIDE))  # keeps its ratio, and leaves a smaller one as it is
    return np.asarray(turned)
