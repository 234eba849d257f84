"""The codebooks that people have calibrated here, kept as presets' files beside the runs."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from app.caching.codebook import Preset, read_preset
from app.common.files import write_json
from app.runs.kept_files import KeptFiles, written
from app.runs.room import Share

FOLDER = "codebooks"  # in the folder of runs
OWN, EVERYBODY = Share(24, 1_000_000), Share(2000, 50_000_000)  # of a visitor, and of all, on a shared server
ALONE = Share(1000, 50_000_000)  # on a server of one's own
log = logging.getLogger(__name__)


@dataclass
class CodebookStore:
    """Presets by name. Names and visitors come from browsers; a visitor is empty where nobody is told apart."""

    folder: Path
    public: bool = False
    lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.files = KeptFiles(self.folder, "codebook", self.public)

    def presets(self, visitor: str = "") -> list[Preset]:
        """A visitor's codebooks, newest first; a file that is broken is left out and logged."""
        found = []
        with self.lock:
            newest = sorted(self.files.seen(visitor), key=lambda path: (written(path), path.name), reverse=True)
            for path in newest:
                try:
                    found.append(read_preset(path))
                except (ValueError, OSError) as error:
                    log.warning("left out the codebook %s: %s", path.name, error)
        return found

    def find(self, name: str, visitor: str = "") -> Preset | None:
        """A visitor's codebook by its name; none without one."""
        return next((preset for preset in self.presets(visitor) if preset.id == name), None)

    def add(self, name: str, preset: Mapping[str, Any], visitor: str = "") -> Preset:
        """Keep a preset's file, whole or not at all; a ValueError where there is no room."""
        with self.lock:
            folder = self.files.of(visitor)
            folder.mkdir(parents=True, exist_ok=True)
            path = _free(folder, name)
            write_json(path, preset)
            self.files.make_room(path, OWN if self.public else ALONE, EVERYBODY)
            return read_preset(path)

    def delete(self, name: object, visitor: str = "") -> None:
        """Remove a codebook; for an hour it can be restored."""
        with self.lock:
            self.files.delete(self.files.path(name, visitor))

    def restore(self, name: object, visitor: str = "") -> None:
        """Bring back what was deleted a moment ago."""
        with self.lock:
            self.files.restore(name, visitor)


def _free(folder: Path, name: str) -> Path:
    """A file of this name, or where it is taken of this name and a number."""
    names = (f"{name}{'' if number == 1 else f'-{number}'}.json" for number in range(1, 1000))
    return next(folder / free for free in names if not (folder / free).exists())
