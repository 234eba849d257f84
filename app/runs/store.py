"""RunStore: the folder of runs. A run appears in it whole, by one rename, or not at all.

On a server that strangers share, every browser sees the runs it made and no others, and has a share of the disk.
"""

import logging
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from shutil import rmtree
from threading import Lock
from uuid import uuid4

from app.common.files import process_alive
from app.common.timestamps import write_timestamp
from app.common.validation import RUN_ID
from app.generation.clip import Clip
from app.generation.images import read_condition
from app.generation.kept_baseline import LATENTS, KeptBaseline, read_latents, read_recording
from app.generation.request import Request
from app.models.base import NO_CLIP
from app.models.condition_image import ConditionImage, Images, missing_image
from app.runs.images import ImagePool
from app.runs.room import Held, Share, giving_way, measure
from app.runs.run import (
    SUMMARY,
    TRACE,
    VISITOR,
    About,
    DamagedRun,
    Run,
    load_or_explain,
    load_run,
    read_about,
)

MAKING, DELETED, IMAGES = ".making-", ".deleted-", ".images"
ABANDONED_SECONDS = 24 * 3600.0  # after which a crash, not a slow model, explains a run that is still being made
UNDO_SECONDS = 3600.0
PUBLIC_RUNS, PUBLIC_BYTES = 300, 3_000_000_000  # of all visitors together, deleted ones that can be restored too
VISITOR_RUNS, VISITOR_BYTES = 60, 600_000_000
FULL = "this server has no room for imported runs at the moment; try again later"
log = logging.getLogger(__name__)


@dataclass
class RunStore:
    """Runs by id. Ids and visitors come from browsers: both are checked before they are used."""

    folder: Path
    public: bool = False
    lock: Lock = field(default_factory=Lock)
    room: Lock = field(default_factory=Lock)  # of whoever removes runs or counts on none to be removed
    _known: dict[str, tuple[object, Run | DamagedRun]] = field(
        default_factory=dict
    )  # by id, with the files' dates

    def begin(self, key: str) -> Path:
        """An empty folder to make a run in; it is no run until `keep`."""
        making = self.folder / f"{MAKING}{os.getpid()}-{datetime.now():%Y%m%d-%H%M%S-%f}-{key}"
        making.mkdir(parents=True)
        return making

    def keep(self, making: Path, about: About) -> Run:
        """Turn what was made into a run; a ValueError says what is wrong with it, or that there is no room."""
        run = replace(load_run(making, making.name.removeprefix(MAKING).partition("-")[2]), about=about)
        about.save(making)
        kept = self.folder / run.id
        with self.room:
            if self.public and not self._make_room(measure(making, about.visitor), only_own=about.imported):
                raise ValueError(FULL)
            os.replace(making, kept)
        self.tidy()
        return replace(run, folder=kept)

    def runs(self, visitor: str = "") -> list[Run]:
        """What a visitor may see, newest first."""
        seen = [run for run in self._all() if isinstance(run, Run) and self._may_see(run, visitor)]
        return sorted(seen, key=lambda run: (run.about.made, run.id), reverse=True)

    def damaged(self, visitor: str = "") -> list[DamagedRun]:
        """The visitor's folders that cannot be read, by id."""
        found = [run for run in self._all() if isinstance(run, DamagedRun) and self._may_see(run, visitor)]
        return sorted(found, key=lambda run: run.id)

    def get(self, run_id: object, visitor: str = "") -> Run:
        """A run by its id; a ValueError if this visitor has none of that id, or a damaged one."""
        run = self._find(run_id, visitor)
        if isinstance(run, DamagedRun):
            raise ValueError(f"this run is damaged: {run.reason}")
        return run

    def find(self, request: Request, visitor: str = "") -> Run | None:
        """The newest run of a request that a visitor may see; none without one."""
        return next((run for run in self.runs(visitor) if run.request == request), None)

    def linked(self, run_id: object, request: Request) -> Run | None:
        """The run of a link; whoever knows both its id and its whole request was given them, and may see it."""
        run = self._read(run_id) if _is_id(run_id) else None
        return run if isinstance(run, Run) and run.request == request else None

    @property
    def pool(self) -> ImagePool:
        """Images that were given and may be asked for."""
        return ImagePool(self.folder / IMAGES, self.public)

    def image(self, id: str) -> ConditionImage | None:
        """An image by its id: one that was given lately, or that of a run; none where it is not here."""
        return self.pool.get(id) or next(filter(None, map(partial(_image_of, id), self._all())), None)

    def images(self, request: Request) -> Images:
        """The images that a request asks for; a ValueError says which of them is not here."""
        found = {}
        for place, id in request.settings().images.items():
            if (image := self.image(id)) is None:
                raise missing_image(place)
            found[id] = image
        return found

    def clip(self, request: Request, visitor: str = "") -> Clip | None:
        """What a request goes on from, if anything: a visitor's own clip; a ValueError where it is not here."""
        if request.extends is None:
            return None
        try:
            run = self.get(request.extends, visitor)
        except ValueError:
            raise ValueError(NO_CLIP) from None
        return run.clip()

    def delete(self, run_id: object, visitor: str = "") -> None:
        """Remove a run, damaged or not, from the list; for an hour it can be restored."""
        run = self._find(run_id, visitor)
        os.utime(run.folder)  # the hour begins now
        os.replace(run.folder, self.folder / f"{DELETED}{run.id}")
        self.tidy()

    def restore(self, run_id: object, visitor: str = "") -> Run | DamagedRun:
        """Bring back what was deleted a moment ago."""
        if not _is_id(run_id) or not (deleted := self.folder / f"{DELETED}{run_id}").is_dir():
            raise ValueError("this run can no longer be restored")
        if not self._may_see(load_or_explain(deleted, str(run_id)), visitor):
            raise ValueError("this run can no longer be restored")
        os.replace(deleted, self.folder / str(run_id))
        return self._find(run_id, visitor)

    def baseline(self, request: Request, visitor: str = "") -> KeptBaseline | None:
        """The newest baseline a visitor may see of a request, whatever its method was; none without one."""
        for run in self.runs(visitor):
            if request.same_baseline(run.request) and (latents := read_latents(run.folder / LATENTS)):
                measured = write_timestamp(run.baseline_measured)
                recording = read_recording(run.folder)
                return KeptBaseline(run.trace.records["baseline"], *latents, measured, recording)
        return None

    def tidy(self) -> None:
        """Remove what crashes left, what was deleted long ago, and, where strangers share, what is too much."""
        now = time.time()
        self.pool.tidy()
        for path in self.folder.glob(f"{MAKING}*"):
            if now - _date(path) > ABANDONED_SECONDS or not _maker_alive(path):
                rmtree(path, ignore_errors=True)
        for path in self.folder.glob(f"{DELETED}*"):
            if now - _date(path) > UNDO_SECONDS:
                rmtree(path, ignore_errors=True)
        if self.public:
            with self.room:
                self._make_room()

    def close(self) -> None:
        """Remove what this process is still making; called when the server ends, and before it begins."""
        for path in self.folder.glob(f"{MAKING}{os.getpid()}-*"):
            rmtree(path, ignore_errors=True)

    def _make_room(self, new: Held | None = None, only_own: bool = False) -> bool:
        """Remove what has to give way, to a new run if there is one; False, with nothing removed, if it cannot."""
        own, everybody = Share(VISITOR_RUNS, VISITOR_BYTES), Share(PUBLIC_RUNS, PUBLIC_BYTES)
        held = [*self._held(), *([new] if new else [])]
        gone = giving_way(held, own, everybody, new, only_own)
        for one in gone or ():
            rmtree(one.folder, ignore_errors=True)
        return gone is not None

    def _held(self) -> Iterator[Held]:
        for run in self._all():
            yield measure(run.folder, run.about.visitor)
        for path in self.folder.glob(f"{DELETED}*"):
            try:
                yield measure(path, read_about(path).visitor, deleted=True)
            except (ValueError, OSError):
                yield measure(path, "", deleted=True)

    def _all(self) -> Iterator[Run | DamagedRun]:
        if not self.folder.is_dir():
            return
        names = {path.name for path in self.folder.iterdir() if _is_id(path.name)}
        with self.lock:
            self._known = {name: known for name, known in self._known.items() if name in names}
        for name in names:
            if (run := self._read(name)) is not None:
                yield run

    def _find(self, run_id: object, visitor: str) -> Run | DamagedRun:
        run = self._read(run_id) if _is_id(run_id) else None
        if run is None or not self._may_see(run, visitor):
            raise ValueError("this run is no longer there")
        return run

    def _read(self, run_id: object) -> Run | DamagedRun | None:
        """A run, read again only if its files have changed; none where a folder has nothing of a run."""
        name = str(run_id)
        folder = self.folder / name
        dates = tuple(_changed(folder / file) for file in (TRACE, SUMMARY))
        if all(date is None for date in dates):
            return None
        with self.lock:
            if name in self._known and self._known[name][0] == dates:
                return self._known[name][1]
            try:
                run = load_or_explain(folder, name)
            except OSError:  # deleted meanwhile
                return None
            if isinstance(run, DamagedRun):
                log.warning("the run %s is damaged: %s", name, run.reason)
            self._known[name] = (dates, run)
            return run

    def _may_see(self, run: Run | DamagedRun, visitor: str) -> bool:
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


def _image_of(id: str, run: Run | DamagedRun) -> ConditionImage | None:
    if isinstance(run, DamagedRun):
        return None
    asked = run.request.settings().images
    return next((read_condition(run.folder, run.request, place) for place in asked if asked[place] == id), None)


def _is_id(value: object) -> bool:
    return isinstance(value, str) and RUN_ID.fullmatch(value) is not None


def _changed(path: Path) -> int | None:
    """When a file was written, in nanoseconds; none where there is none."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None


def _date(path: Path) -> float:
    changed = _changed(path)
    return time.time() if changed is None else changed / 1e9


def _maker_alive(making: Path) -> bool:
    """Whether the process that makes a run, by its folder's name, may still be at work."""
    pid = making.name.removeprefix(MAKING).partition("-")[0]
    return not (pid.isdecimal() and len(pid) < 8) or process_alive(int(pid))
