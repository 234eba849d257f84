"""Size: a video's pixels and frames. SizeTable: the sizes a model offers, by the names people pick them by."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self, cast

from app.common.validation import shown, whole

MIN_SIDE, MAX_SIDE, MAX_FRAMES = 16, 8192, 4096
SizeNames = tuple[str, str, str]  # resolution, aspect ratio as height:width, length


@dataclass(frozen=True)
class Size:
    """Height and width in pixels, and frames."""

    height: int
    width: int
    frames: int

    def __post_init__(self) -> None:
        whole("height", self.height, MIN_SIDE, MAX_SIDE)
        whole("width", self.width, MIN_SIDE, MAX_SIDE)
        whole("frames", self.frames, 1, MAX_FRAMES)

    def __str__(self) -> str:
        return f"{self.frames} frame{'' if self.frames == 1 else 's'} of {self.width} x {self.height}"

    @property
    def aspect(self) -> float:
        """Width over height."""
        return self.width / self.height

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Read {"height": 480, "width": 854, "frames": 51}; a ValueError says what does not fit."""
        if not isinstance(value, Mapping) or set(value) != set(cls.__dataclass_fields__):
            raise ValueError(f"a size has the fields height, width and frames, got {shown(value)}")
        return cls(**value)


@dataclass(frozen=True, eq=False)  # compared as one object, so that a card that holds it can be hashed
class SizeTable:
    """What a model offers: height and width by resolution and ratio, frames by length.

    A ratio is height:width, or that as a number where a resolution has odd ones: "9:16", "0.57".
    `check` raises ValueError for a size that the model cannot make, in the table or not.
    """

    resolutions: Mapping[str, Mapping[str, tuple[int, int]]]
    lengths: Mapping[str, int]
    check: Callable[[Size], None]

    def size(self, resolution: str, aspect_ratio: str, length: str | int) -> Size:
        """The size of a resolution ("480p"), a ratio height:width ("9:16") and a length ("2s" or 51 frames)."""
        height, width = self.ratios(resolution)[self.closest_ratio(resolution, aspect_ratio)]
        known = isinstance(length, str) and not length.isdecimal()
        size = Size(height, width, _entry(self.lengths, str(length), "length") if known else int(length))
        self.check(size)
        return size

    def ratios(self, resolution: str) -> Mapping[str, tuple[int, int]]:
        """Height and width by the ratios of a resolution; a ValueError lists the resolutions."""
        return cast(Mapping[str, tuple[int, int]], _entry(self.resolutions, resolution, "resolution"))

    def closest_ratio(self, resolution: str, aspect_ratio: str) -> str:
        """The ratio of this name, or where another resolution has it, the one here that is closest to it."""
        ratios = self.ratios(resolution)
        if aspect_ratio in ratios or all(aspect_ratio not in others for others in self.resolutions.values()):
            _entry(ratios, aspect_ratio, "aspect ratio (height:width)")
            return aspect_ratio
        return min(ratios, key=lambda ratio: abs(_number(ratio) - _number(aspect_ratio)))

    @property
    def usual_lengths(self) -> tuple[str, ...]:
        """One name, the first, for each number of frames."""
        first: dict[int, str] = {}
        for name, frames in self.lengths.items():
            first.setdefault(frames, name)
        return tuple(first.values())

    def names(self, size: Size) -> SizeNames:
        """The names of a size; a ValueError if the table has none for it."""
        lengths = [length for length, frames in self.lengths.items() if frames == size.frames]
        for resolution, ratios in self.resolutions.items():
            for ratio, sides in ratios.items():
                if sides == (size.height, size.width) and lengths:
                    return resolution, ratio, lengths[0]
        raise ValueError(f"no resolution, aspect ratio and length make {size}")


def _number(ratio: str) -> float:
    height, _, width = ratio.partition(":")
    return float(height) / float(width or 1)


def _entry(table: Mapping[str, Any], name: str, what: str) -> Any:
    if name not in table:
        raise ValueError(f"{what} must be one of {', '.join(table)}, got {name[:40]!r}")
    return table[name]
