"""KeptFiles: what people made here, a JSON file each beside the runs: recordings of the Lab, calibrated codebooks.

As with runs, on a server that strangers share everyone has a folder of their own and a share of the disk, and what
was deleted can be had back for an hour. The caller holds a lock.
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from app.common.validation import RUN_ID
from app.runs.room import Held, Share, giving_way
from app.runs.run import VISITOR

DELETED = ".deleted-"
UNDO_SECONDS = 3600.0


@dataclass(frozen=True)
class KeptFiles:
    """The files below a folder; `what` one of them is stands in the sentences."""

    folder: Path
    what: str
    public: bool = False

    @property
    def gone(self) -> str:
        """Said of a name that is not, or no longer, there."""
        return f"this {self.what} is no longer there; reload the page"

    def of(self, visitor: str) -> Path:
        """Where a visitor's files lie; on a shared server nobody's go nowhere."""
        if not self.public:
            return self.folder
        if not VISITOR.fullmatch(visitor) or not visitor:
            raise ValueError("the page does not fit this server; reload it")
        return self.folder / visitor

    def seen(self, visitor: str) -> list[Path]:
        """A visitor's files in the order of their names."""
        nobody = self.public and not visitor
        return [] if nobody else sorted(self.of(visitor).glob("[!.]*.json"))

    def path(self, name: object, visitor: str) -> Path:
        """The file of a name that came from a browser; a ValueError where it can be nobody's."""
        if not isinstance(name, str) or not RUN_ID.fullmatch(name):
            raise ValueError(self.gone)
        return self.of(visitor) / f"{name}.json"

    def delete(self, path: Path) -> None:
        """Remove a file; for an hour it can be restored."""
        if not path.is_file():
            raise ValueError(self.gone)
        os.utime(path)  # the hour begins now
        os.replace(path, _aside(path))

    def restore(self, name: object, visitor: str) -> None:
        """Bring back what was deleted a moment ago."""
        self._tidy()
        path = self.path(name, visitor)
        if not _aside(path).is_file():
            raise ValueError(f"this {self.what} can no longer be restored")
        os.replace(_aside(path), path)

    def make_room(self, new: Path, own: Share, everybody: Share) -> list[Path]:
        """Remove the visitor's oldest for a new file, never those of others; returns what went.

        A ValueError where it does not fit, and then it is not there any more.
        """
        self._tidy()
        held = [_held(path) for path in self.folder.rglob("*.json")]
        added = next(one for one in held if one.folder == new)
        gone = giving_way(held, own, everybody, added, only_own=True)
        if gone is None:
            new.unlink(missing_ok=True)
            raise ValueError(
                f"this server has no room for another {self.what} at the moment; delete some, or try again later"
            )
        for one in gone:
            one.folder.unlink(missing_ok=True)
        return [one.folder for one in gone]

    def _tidy(self) -> None:
        for path in self.folder.rglob(f"{DELETED}*.json"):
            if time.time() - written(path) / 1e9 > UNDO_SECONDS:
                path.unlink(missing_ok=True)


def written(path: Path) -> int:
    """When a file was written, in nanoseconds; 0 for one that vanishes meanwhile."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _aside(path: Path) -> Path:
    return path.with_name(f"{DELETED}{path.name}")


def _held(path: Path) -> Held:
    return Held(path, path.parent.name, written(path), path.stat().st_size, path.name.startswith(DELETED))
