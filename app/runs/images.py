"""ImagePool: images that were given and wait for their runs, each a file by its id; runs have copies of their own.

Who knows an id was given the image or a link with it: it is a hash of all pixels, which nobody guesses.
"""

import math
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.common.files import atomic_path
from app.models.condition_image import ConditionImage

KEPT_SECONDS = 24 * 3600.0  # since it was last asked for
PUBLIC_BYTES = 500_000_000  # where strangers share it


@dataclass(frozen=True)
class Kept:
    """A file of the pool: its bytes, and when it was last asked for."""

    path: Path
    bytes: int
    asked: float


@dataclass(frozen=True)
class ImagePool:
    """A folder of images; `public`: strangers share it, and the oldest make room there."""

    folder: Path
    public: bool = False

    def add(self, image: ConditionImage) -> str:
        """Keep an image for a while and give its id."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with atomic_path(self._path(image.id)) as temporary:
            temporary.write_bytes(image.png())
        self.tidy()
        return image.id

    def get(self, id: str) -> ConditionImage | None:
        """An image by its id, which is then kept for longer; none where it is not here."""
        path = self._path(id)
        try:
            os.utime(path)
            return ConditionImage.read_kept(path.read_bytes(), id)
        except (OSError, ValueError):
            return None

    def tidy(self) -> None:
        """Remove what nobody has asked for in a while, and where strangers share it, what is too much."""
        left = PUBLIC_BYTES if self.public else math.inf
        for file in sorted(self._files(), key=lambda file: file.asked, reverse=True):
            left -= file.bytes
            if left < 0 or time.time() - file.asked > KEPT_SECONDS:
                file.path.unlink(missing_ok=True)

    def _files(self) -> Iterator[Kept]:
        for path in self.folder.glob("[0-9a-f]*.png"):
            with suppress(OSError):  # gone meanwhile
                stat = path.stat()
                yield Kept(path, stat.st_size, stat.st_mtime)

    def _path(self, id: str) -> Path:
        return self.folder / f"{id}.png"
