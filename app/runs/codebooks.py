"""The codebooks that people have calibrated here, kept as presets' files beside the runs.

As with runs, on a server that strangers share everyone sees their own and has a share of the disk.
"""

import logging
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from app.caching.codebook import Preset, read_preset
from app.common.files import write_json
from app.runs.room import Held, Share, giving_way
from app.runs.run import RUN_ID, VISITOR

FOLDER = "codebooks"  # in the folder of runs
DELETED = ".deleted-"
UNDO_SECONDS = 3600.0
OWN, EVERYBODY = Share(24, 1_000_000), Share(2000, 50_000_000)  # of a visitor, and of all, on a shared server
ALONE = Share(1000, 50_000_000)  # on a server of one's own
FULL = "this server has no room for another codebook at the moment; delete some, or try again later"
GONE = "this codebook is no longer there; reload the page"
log = logging.getLogger(__name__)


@dataclass
class CodebookStore:
    """Presets by name. Names and visitors come from browsers; a visitor is empty where nobody is told apart."""

    folder: Path
    public: bool = False
    lock: Lock = field(default_factory=Lock)

    def presets(self, visitor: str = "") -> list[Preset]:
        """A visitor's codebooks, newest first; a file that is broken is left out and logged."""
        found = []
        with self.lock:
            paths = [] if self.public and not visitor else self._folder(visitor).glob("[!.]*.json")
            for path in sorted(paths, key=lambda path: (_date(path), path.name), reverse=True):
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
            folder = self._folder(visitor)
            folder.mkdir(parents=True, exist_ok=True)
            path = _free(folder, name)
            write_json(path, preset)
            if not self._make_room(path):
                path.unlink(missing_ok=True)
                raise ValueError(FULL)
            return read_preset(path)

    def delete(self, name: object, visitor: str = "") -> None:
        """Remove a codebook; for an hour it can be restored."""
        with self.lock:
            path = self._path(name, visitor)
            if not path.is_file():
                raise ValueError(GONE)
            os.utime(path)  # the hour begins now
            os.replace(path, path.with_name(f"{DELETED}{path.name}"))

    def restore(self, name: object, visitor: str = "") -> None:
        """Bring back what was deleted a moment ago."""
        with self.lock:
            self._tidy()
            path = self._path(name, visitor)
            deleted = path.with_name(f"{DELETED}{path.name}")
            if not deleted.is_file():
                raise ValueError("this codebook can no longer be restored")
            os.replace(deleted, path)

    def _folder(self, visitor: str) -> Path:
        """Where a visitor's codebooks lie; on a shared server nobody's go nowhere."""
        if not self.public:
            return self.folder
        if not VISITOR.fullmatch(visitor) or not visitor:
            raise ValueError("the page does not fit this server; reload it")
        return self.folder / visitor

    def _path(self, name: object, visitor: str) -> Path:
        if not isinstance(name, str) or not RUN_ID.fullmatch(name):
            raise ValueError(GONE)
        return self._folder(visitor) / f"{name}.json"

    def _make_room(self, path: Path) -> bool:
        """Remove the visitor's oldest for a new one, never those of others; False where it does not fit."""
        self._tidy()
        held = [_held(other) for other in self.folder.rglob("*.json")]
        new = next(one for one in held if one.folder == path)
        gone = giving_way(held, OWN if self.public else ALONE, EVERYBODY, new, only_own=True)
        for one in gone or ():
            one.folder.unlink(missing_ok=True)
        return gone is not None

    def _tidy(self) -> None:
        for path in self.folder.rglob(f"{DELETED}*.json"):
            if time.time() - _date(path) / 1e9 > UNDO_SECONDS:
                path.unlink(missing_ok=True)


def _free(folder: Path, name: str) -> Path:
    """A file of this name, or where it is taken of this name and a number."""
    names = (f"{name}{'' if number == 1 else f'-{number}'}.json" for number in range(1, 1000))
    return next(folder / free for free in names if not (folder / free).exists())


def _date(path: Path) -> int:
    """When a file was written, in nanoseconds; 0 for one that vanishes meanwhile."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _held(path: Path) -> Held:
    deleted = path.name.startswith(DELETED)
    return Held(path, path.parent.name, _date(path), path.stat().st_size, deleted)
