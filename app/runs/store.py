"""RunStore: the folder of runs. A run appears in it whole, by one rename, or not at all.

On a server that strangers share, every browser sees the runs it made and no others, and old runs make room.
"""

import logging
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree
from threading import Lock
from uuid import uuid4

from app.common.timestamps import write_timestamp
from app.generation.kept_baseline import LATENTS, KeptBaseline, read_latents
from app.generation.request import Request
from app.runs.run import RUN_ID, SUMMARY, TRACE, VISITOR, About, Run, load_run

MAKING, DELETED = ".making-", ".deleted-"
ABANDONED_SECONDS = 24 * 3600.0  # after which a crash, not a slow model, explains a run that is still being made
UNDO_SECONDS = 3600.0
PUBLIC_RUNS, PUBLIC_BYTES = 300, 3_000_000_000
log = logging.getLogger(__name__)


@dataclass
class RunStore:
    """Runs by id. Ids and visitors come from browsers: both are checked before they are used."""

    folder: Path
    public: bool = False
    lock: Lock = field(default_factory=Lock)
    _known: dict[str, tuple[object, Run | None]] = field(default_factory=dict)  # by id, with the files' dates

    def begin(self, key: str) -> Path:
        """An empty folder to make a run in; it is no run until `keep`."""
        making = self.folder / f"{MAKING}{datetime.now():%Y%m%d-%H%M%S-%f}-{key}"
        making.mkdir(parents=True)
        return making

    def keep(self, making: Path, about: About) -> Run:
        """Turn what was made into a run; a ValueError says what is wrong with it."""
        run = replace(load_run(making, making.name.removeprefix(MAKING)), about=about)
        about.save(making)
        kept = self.folder / run.id
        os.replace(making, kept)
        self.tidy()
        return replace(run, folder=kept)

    def runs(self, visitor: str = "") -> list[Run]:
        """What a visitor may see, newest first; broken folders are left out and logged once."""
        seen = [run for run in self._all() if self._may_see(run, visitor)]
        return sorted(seen, key=lambda run: (run.about.made, run.id), reverse=True)

    def get(self, run_id: object, visitor: str = "") -> Run:
        """A run by its id; a ValueError if this visitor has none of that id."""
        run = self._read(run_id) if _is_id(run_id) else None
        if run is None or not self._may_see(run, visitor):
            raise ValueError("this run is no longer there")
        return run

    def find(self, request: Request, visitor: str = "") -> Run | None:
        """The newest run of a request that a visitor may see; none without one."""
        return next((run for run in self.runs(visitor) if run.request == request), None)

    def linked(self, run_id: object, request: Request) -> Run | None:
        """The run of a link; whoever knows both its id and its whole request was given them, and may see it."""
        run = self._read(run_id) if _is_id(run_id) else None
        return run if isinstance(run, Run) and run.request == request else None

    def delete(self, run_id: object, visitor: str = "") -> None:
        """Remove a run from the list; for an hour it can be restored."""
        run = self.get(run_id, visitor)
        os.utime(run.folder)  # the hour begins now
        os.replace(run.folder, self.folder / f"{DELETED}{run.id}")
        self.tidy()

    def restore(self, run_id: object, visitor: str = "") -> Run:
        """Bring back what was deleted a moment ago."""
        if not _is_id(run_id) or not (deleted := self.folder / f"{DELETED}{run_id}").is_dir():
            raise ValueError("this run can no longer be restored")
        if not self._may_see(load_run(deleted, str(run_id)), visitor):
            raise ValueError("this run can no longer be restored")
        os.replace(deleted, self.folder / str(run_id))
        return self.get(run_id, visitor)

    def baseline(self, request: Request, visitor: str = "") -> KeptBaseline | None:
        """The newest baseline a visitor may see of a request, whatever its method was; none without one."""
        for run in self.runs(visitor):
            if request.same_baseline(run.request) and (latents := read_latents(run.folder / LATENTS)):
                measured = write_timestamp(run.baseline_measured)
                return KeptBaseline(run.trace.records["baseline"], *latents, measured)
        return None

    def tidy(self) -> None:
        """Remove what crashes left, what was deleted long ago, and, where strangers share, the oldest runs."""
        now = time.time()
        for prefix, seconds in ((MAKING, ABANDONED_SECONDS), (DELETED, UNDO_SECONDS)):
            for path in self.folder.glob(f"{prefix}*"):
                if now - _date(path) > seconds:
                    rmtree(path, ignore_errors=True)
        if self.public:
            self._make_room()

    def _make_room(self) -> None:
        newest = sorted(self._all(), key=lambda run: (run.about.made, run.id), reverse=True)
        taken = 0
        for number, run in enumerate(newest, start=1):
            taken += sum(path.stat().st_size for path in run.folder.iterdir() if path.is_file())
            if number > 1 and (number > PUBLIC_RUNS or taken > PUBLIC_BYTES):
                rmtree(run.folder, ignore_errors=True)

    def _all(self) -> Iterator[Run]:
        if not self.folder.is_dir():
            return
        names = {path.name for path in self.folder.iterdir() if _is_id(path.name)}
        with self.lock:
            self._known = {name: known for name, known in self._known.items() if name in names}
        for name in names:
            if (run := self._read(name)) is not None:
                yield run

    def _read(self, run_id: object) -> Run | None:
        """A run, read again only if its files have changed; none where there is no whole one."""
        name = str(run_id)
        folder = self.folder / name
        try:
            dates = tuple((folder / file).stat().st_mtime_ns for file in (TRACE, SUMMARY))
        except OSError:
            return None
        with self.lock:
            if name in self._known and self._known[name][0] == dates:
                return self._known[name][1]
            try:
                run: Run | None = load_run(folder, name)
            except (ValueError, OSError) as error:
                log.warning("left out the run %s: %s", name, error)
                run = None
            self._known[name] = (dates, run)
            return run

    def _may_see(self, run: Run, visitor: str) -> bool:
        return not self.public or (visitor != "" and run.about.visitor == visitor)


def read_visitor(value: object) -> str:
    """The id a browser gave itself; empty if it gave none that could be one."""
    return value if isinstance(value, str) and VISITOR.fullmatch(value) else ""


def about_now(visitor: str = "") -> About:
    """A run that is made here and now."""
    return About(datetime.now(UTC), visitor)


def new_id() -> str:
    """Part of a folder's name that no other has."""
    return uuid4().hex[:16]


def _is_id(value: object) -> bool:
    return isinstance(value, str) and RUN_ID.fullmatch(value) is not None


def _date(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return time.time()
