"""The recordings the Lab offers: those that ship with the Studio, and those made or uploaded here.

What is made here is kept as files beside the runs, so that it is listed again after a restart.
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

from app.lab.recording import Recording, load_recording, parse_recording

MAX_KEPT = 200
MAX_CHARACTERS = 1_000_000
log = logging.getLogger(__name__)


@dataclass
class Library:
    """Recordings by name, read once each."""

    shipped: Path
    kept: Path
    lock: Lock = field(default_factory=Lock)
    _known: dict[str, Recording] = field(default_factory=dict)
    _broken: set[str] = field(default_factory=set)

    def listing(self) -> list[dict[str, Any]]:
        """What there is, in the order of the names; a file that is broken is left out and logged once."""
        with self.lock:
            self._read(self.shipped)
            self._read(self.kept)
            return [
                {
                    "id": name,
                    "prompt": recording.prompt,
                    "seed": recording.seed,
                    "steps": recording.steps,
                    "model": recording.model,
                }
                for name, recording in self._known.items()
            ]

    def get(self, name: object) -> Recording:
        """A recording that has been listed; a ValueError if there is none of that name."""
        if not isinstance(name, str) or name not in self._known:
            raise ValueError("this recording is no longer there; reload the page")
        return self._known[name]

    def add(self, recording: Recording) -> str:
        """Keep a recording; returns its name. One that is there already is not kept twice."""
        with self.lock:
            for name, known in self._known.items():
                if known == recording:
                    return name
            self.kept.mkdir(parents=True, exist_ok=True)
            if len(list(self.kept.glob("*.json"))) >= MAX_KEPT:
                raise ValueError(f"{MAX_KEPT} recordings are kept already; remove some from {self.kept}")
            digest = sha256(repr(recording).encode()).hexdigest()[:8]
            name = f"{datetime.now():%Y%m%d-%H%M%S}-{digest}"
            recording.save(self.kept / f"{name}.json")
            self._known[name] = recording
            return name

    def upload(self, text: object) -> str:
        """Keep a recording given as the text of its file; a ValueError says what is wrong with it."""
        if not isinstance(text, str) or len(text) > MAX_CHARACTERS:
            raise ValueError(f"a recording of at most {MAX_CHARACTERS // 1_000_000} MB is accepted")
        return self.add(parse_recording(text))

    def _read(self, folder: Path) -> None:
        for path in sorted(folder.glob("*.json")):
            if path.stem in self._known or path.stem in self._broken:
                continue
            try:
                self._known[path.stem] = load_recording(path)
            except (ValueError, OSError) as error:
                log.warning("left out a recording: %s", error)
                self._broken.add(path.stem)
