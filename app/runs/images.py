"""ImagePool: images that were given and wait for their runs, each a file by its id; runs have copies of their own.

Who knows an id was given the image or a link with it: it is a hash of all pixels, which nobody guesses.
"""

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.common.files import atomic_path
from app.models.condition_image import ConditionImage

KEPT_SECONDS = 24 * 3600.0  # since it was last asked for
PUBLIC_BYTES = 500_000_000  # where strangers share it
FULL = "this server has no room for another image at the moment; try again later"


@dataclass(frozen=True)
class ImagePool:
    """A folder of images; `public`: strangers share it, and together have a bounded share of the disk."""

    folder: Path
    public: bool = False

    def add(self, image: ConditionImage) -> str:
        """Keep an image for a while and give its id; a ValueError where there is no room."""
        self.tidy()
        path = self._path(image.id)
        data = image.png()
        if self.public and not path.is_file() and self._bytes() + len(data) > PUBLIC_BYTES:
            raise ValueError(FULL)
        self.folder.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as temporary:
            temporary.write_bytes(data)
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
        """Remove what nobody has asked for in a while."""
        for path in self.folder.glob("*.png"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > KEPT_SECONDS:
                    path.unlink()

    def _bytes(self) -> int:
        return sum(path.stat().st_size for path in self.folder.glob("*.png"))

    def _path(self, id: str) -> Path:
        return self.folder / f"{id}.png"
