"""The recordings the Lab offers: those that ship with the Studio, and those made or uploaded here.

What is made here is kept as files beside the runs (app/runs/kept_files.py), so that it is listed again after a
restart.
"""

import logging
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

from app.lab.recording import Recording, load_recording, parse_recording
from app.runs.kept_files import KeptFiles
from app.runs.room import Share

MAX_CHARACTERS = 1_000_000
OWN, EVERYBODY = Share(24, 24_000_000), Share(400, 400_000_000)  # of a visitor, and of all, on a shared server
ALONE = Share(400, 400_000_000)  # on a server of one's own
PARSED = 32  # recordings held in memory; each takes a few megabytes there
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

    def __post_init__(self) -> None:
        self.files = KeptFiles(self.kept, "recording", self.public)

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
            folder = self.files.of(visitor)
            folder.mkdir(parents=True, exist_ok=True)
            digest = sha256(repr(recording).encode()).hexdigest()[:8]
            path = folder / f"{datetime.now():%Y%m%d-%H%M%S}-{digest}.json"
            recording.save(path)
            for gone in self.files.make_room(path, OWN if self.public else ALONE, EVERYBODY):
                self._forget(gone)
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
            self.files.delete(entry.path)
            self._forget(entry.path)

    def restore(self, name: object, visitor: str = "") -> None:
        """Bring back what was deleted a moment ago."""
        with self.lock:
            self.files.restore(name, visitor)

    def _seen(self, visitor: str) -> Iterator[Entry]:
        yield from self._read(sorted(self.shipped.glob("[!.]*.json")), own=False)
        yield from self._read(self.files.seen(visitor), own=True)

    def _find(self, name: object, visitor: str) -> Entry:
        found = next((entry for entry in self._seen(visitor) if entry.path.stem == name), None)
        if found is None:
            raise ValueError(self.files.gone)
        return found

    def _read(self, paths: list[Path], own: bool) -> Iterator[Entry]:
        for path in paths:
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

    def _forget(self, path: Path) -> None:
        self._entries.pop(path, None)
        self._parsed.pop(path, None)


def _same(entry: Entry, recording: Recording) -> bool:
    """Whether they may be the same, by what is listed of them."""
    names = ("prompt", "seed", "steps", "model")
    return all(getattr(entry, name) == getattr(recording, name) for name in names)
