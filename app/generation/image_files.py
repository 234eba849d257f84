"""ImageFiles: the images that a prompt file names, each read once and known by its id from then on."""

from dataclasses import dataclass, field
from pathlib import Path

from app.common.validation import shown
from app.models.condition_image import ConditionImage


@dataclass
class ImageFiles:
    """Names are relative to the folder of the prompt file; `images` are those read so far, by id."""

    folder: Path
    images: dict[str, ConditionImage] = field(default_factory=dict)
    _ids: dict[str, str] = field(default_factory=dict)

    def id_of(self, name: object) -> str | None:
        """The id of a named image, none where the name is null; a ValueError says why there is none."""
        if name is None:
            return None
        if not isinstance(name, str) or not name:
            raise ValueError(f"an image is the name of a file, got {shown(name)}")
        if name not in self._ids:
            image = ConditionImage.open(self.folder / name)
            self.images[image.id] = image
            self._ids[name] = image.id
        return self._ids[name]
