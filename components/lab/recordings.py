"""The recordings the Lab offers: those that ship with the Studio, and those made or uploaded here.

What is made here is kept as files beside the runs, so that it is listed again after a restart. As with runs, on a
server that strangers share everyone sees their own and has a share of the disk.
"""

import logging
import os
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

from app.lab.recording import Recording, load_recording, parse_recording
from app.runs.room import Held, Share, giving_way
from app.runs.run import RUN_ID, VISITOR

MAX_CHARACTERS = 1_000_000
DELETED = ".deleted-"
UNDO_SECONDS = 3600.0
OWN, EVERYBODY = Share(24, 24_000_000), Share(400, 400_000_000)  # of a visitor, and of all, on a shared server
ALONE = Share(400, 400_000_000)  # on a server of one's own
PARSED = 32  # recordings held in memory; each takes a few megabytes there
FULL = "this server has no room for another recording at the moment; delete some, or try again later"
GONE = "this recording is no longer there; reload the page"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """A recording as it is listed; `own` is one that the visitor may delete."""

    path: Path
    own: bool
    prompt: str
    seed: int
    steps: int
    model: str

    def props(self) -> dict[str, Any]:
        """As the Lab's script lists it."""
        named = {name: getattr(self, name) for name in ("prompt", "seed", "steps", "model", "own")}
        return {"id": self.path.stem, **named}


@dataclass
class Library:
    """Recordings by name. Names and visitors come from browsers; a visitor is empty where nobody is told apart."""

    shipped: Path
    kept: Path
    public: bool = False
    lock: Lock = field(default_factory=Lock)
    _entries: dict[Path, Entry | None] = field(default_factory=dict)  # none for a file that is broken
    _parsed: OrderedDict[Path, Recording] = field(default_factory=OrderedDict)

    def listing(self, visitor: str = "") -> list[dict[str, Any]]:
        """What a visitor may see, in the order of the names; a file that is broken is left out and logged once."""
        with self.lock:
            return [entry.props() for entry in self._seen(visitor)]

    def get(self, name: object, visitor: str = "") -> Recording:
        """A recording a visitor may see; a ValueError if there is none of that name."""
        with self.lock:
            return self._load(self._find(name, visitor).path)

    def add(self, recording: Recording, visitor: str = "") -> str:
        """Keep a recording; returns its name. One that is there already is not kept twice."""
        with self.lock:
            for entry in self._seen(visitor):
                if _same(entry, recording) and self._load(entry.path) == recording:
                    return entry.path.stem
            folder = self._folder(visitor)
            folder.mkdir(parents=True, exist_ok=True)
            digest = sha256(repr(recording).encode()).hexdigest()[:8]
            path = folder / f"{datetime.now():%Y%m%d-%H%M%S}-{digest}.json"
            recording.save(path)
            if not self._make_room(path, visitor):
                path.unlink(missing_ok=True)
                raise ValueError(FULL)
            return path.stem

    def upload(self, asked: object, visitor: str = "") -> str:
        """Keep a recording given as the text of its file; a ValueError says what is wrong with it."""
        given = asked.get("text") if isinstance(asked, dict) else None
        if not isinstance(given, str) or len(given) > MAX_CHARACTERS:
            raise ValueError(f"a recording of at most {MAX_CHARACTERS // 1_000_000} MB is accepted")
        return self.add(parse_recording(given), visitor)

    def delete(self, name: object, visitor: str = "") -> None:
        """Remove a recording of the visitor's own; for an hour it can be restored."""
        with self.lock:
            entry = self._find(name, visitor)
            if not entry.own:
                raise ValueError("this recording ships with the Studio and stays")
            os.utime(entry.path)  # the hour begins now
            os.replace(entry.path, entry.path.with_name(f"{DELETED}{entry.path.name}"))
            self._forget(entry.path)

    def restore(self, name: object, visitor: str = "") -> None:
        """Bring back what was deleted a moment ago."""
        with self.lock:
            self._tidy()
            valid = isinstance(name, str) and RUN_ID.fullmatch(name)
            deleted = self._folder(visitor) / f"{DELETED}{name}.json"
            if not valid or not deleted.is_file():
                raise ValueError("this recording can no longer be restored")
            os.replace(deleted, deleted.with_name(f"{name}.json"))

    def _folder(self, visitor: str) -> Path:
        """Where a visitor's recordings lie; on a shared server nobody's go nowhere."""
        if not self.public:
            return self.kept
        if not VISITOR.fullmatch(visitor) or not visitor:
            raise ValueError("the page does not fit this server; reload it")
        return self.kept / visitor

    def _seen(self, visitor: str) -> Iterator[Entry]:
        yield from self._read(self.shipped, own=False)
        if not self.public or visitor:
            yield from self._read(self._folder(visitor), own=True)

    def _find(self, name: object, visitor: str) -> Entry:
        found = next((entry for entry in self._seen(visitor) if entry.path.stem == name), None)
        if found is None:
            raise ValueError(GONE)
        return found

    def _read(self, folder: Path, own: bool) -> Iterator[Entry]:
        for path in sorted(folder.glob("[!.]*.json")):
            if path not in self._entries:
                try:
                    r = self._load(path)
                    self._entries[path] = Entry(path, own, r.prompt, r.seed, r.steps, r.model)
                except (ValueError, OSError) as error:
                    log.warning("left out a recording: %s", error)
                    self._entries[path] = None
            if entry := self._entries[path]:
                yield entry

    def _load(self, path: Path) -> Recording:
        if path not in self._parsed:
            self._parsed[path] = load_recording(path)
        self._parsed.move_to_end(path)
        while len(self._parsed) > PARSED:
            self._parsed.popitem(last=False)
        return self._parsed[path]

    def _make_room(self, path: Path, visitor: str) -> bool:
        """Remove the visitor's oldest for a new one, never those of others; False where it does not fit."""
        self._tidy()
        held = [_held(other) for other in self.kept.rglob("*.json")]
        new = next(one for one in held if one.folder == path)
        gone = giving_way(held, OWN if self.public else ALONE, EVERYBODY, new, only_own=True)
        for one in gone or ():
            one.folder.unlink(missing_ok=True)
            self._forget(one.folder)
        return gone is not None

    def _tidy(self) -> None:
        for path in self.kept.rglob(f"{DELETED}*.json"):
            if time.time() - path.stat().st_mtime > UNDO_SECONDS:
                path.unlink(missing_ok=True)

    def _forget(self, path: Path) -> None:
        self._entries.pop(path, None)
        self._parsed.pop(path, None)


def _same(entry: Entry, recording: Recording) -> bool:
    """Whether they may be the same, by what is listed of them."""
    names = ("prompt", "seed", "steps", "model")
    return all(getattr(entry, name) == getattr(recording, name) for name in names)


def _held(path: Path) -> Held:
    stat = path.stat()
    return Held(path, path.parent.name, stat.st_mtime_ns, stat.st_size, path.name.startswith(DELETED))
