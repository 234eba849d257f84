"""Run: a finished run as its folder holds it. Whatever is read here may come from a stranger and is checked.

Reading fails with a ValueError in one sentence; a folder that was torn by a crash is such a failure too.
"""

import logging
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.common.files import read_json, write_json
from app.common.timestamps import read_timestamp, write_timestamp
from app.common.validation import one_line, shown
from app.generation.clip import Clip, read_clip
from app.generation.images import PICTURES
from app.generation.request import Request
from app.generation.summary import read_summary
from app.generation.trace import SIDES, Side, Trace, steps_of
from app.models.condition_image import ConditionImage

VISITOR = re.compile(r"[0-9a-f]{32}|")
TRACE, SUMMARY, ABOUT, POSTER = "trace.json", "summary.json", "run.json", "poster.webp"
VIDEOS: dict[Side, str] = {side: f"{side}.mp4" for side in SIDES}
MAX_JSON_BYTES = 8_000_000
SCHEMA = 1
MIN_SECONDS = 1e-9
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class About:
    """What is known of a run beside its measurements: when it was made, by which browser, and whether here."""

    made: datetime
    visitor: str = ""
    imported: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.visitor, str) or not VISITOR.fullmatch(self.visitor):
            raise ValueError("a run's visitor is 32 hexadecimal digits, or empty")
        if not isinstance(self.imported, bool):
            raise ValueError(f"a run is imported or not, got {shown(self.imported)}")

    def save(self, folder: Path) -> None:
        """Write run.json."""
        written = {"schema": SCHEMA, "made": write_timestamp(self.made)}
        write_json(folder / ABOUT, {**written, "visitor": self.visitor, "imported": self.imported})


@dataclass(frozen=True)
class Run:
    """One finished run: its identity, where it lies, and what was measured."""

    id: str
    folder: Path
    trace: Trace
    summary: dict[str, Any]
    about: About

    @property
    def request(self) -> Request:
        """What was asked for."""
        return self.trace.request

    @property
    def baseline_measured(self) -> datetime:
        """When the baseline's seconds were measured: in this run, or in an earlier one whose baseline it took."""
        earlier = self.summary["baseline_measured"]
        return read_timestamp(earlier) if earlier else self.about.made

    def video(self, side: Side) -> Path:
        """A side's video."""
        return self.folder / VIDEOS[side]

    def clip(self) -> Clip:
        """What another run may go on from; a ValueError where the run keeps none."""
        return read_clip(self.folder, self.request, self.video("accelerated"))

    def picture(self, side: Side) -> ConditionImage:
        """What a side made of one frame; a ValueError where the run is a video, or the file is not here."""
        try:
            return ConditionImage.read_kept((self.folder / PICTURES[side]).read_bytes())
        except OSError:
            raise ValueError("only a run of one frame has a picture that can be a first frame") from None


@dataclass(frozen=True)
class DamagedRun:
    """A folder that was a run and cannot be read any more; `reason` says in a sentence what is wrong with it."""

    id: str
    folder: Path
    about: About  # as far as it can still be read
    reason: str


def load_or_explain(folder: Path, run_id: str) -> Run | DamagedRun:
    """A run, or what is wrong with its folder: one that cannot be read must not hide the others."""
    try:
        return load_run(folder, run_id)
    except ValueError as error:
        reason = one_line(error)
    except OSError as error:
        reason = f"a file of it cannot be read: {one_line(error.strerror)}"
    except Exception:
        log.exception("the run %s cannot be read", run_id)
        reason = "its files cannot be read"
    try:
        about = read_about(folder)
    except (ValueError, OSError):
        about = About(datetime.fromtimestamp(folder.stat().st_mtime, UTC))
    return DamagedRun(run_id, folder, about, reason)


def load_run(folder: Path, run_id: str) -> Run:
    """Read a run's folder; a ValueError or an OSError says what is broken in it."""
    trace = read_trace(read_json(folder / TRACE, MAX_JSON_BYTES))
    summary = read_summary(read_json(folder / SUMMARY, MAX_JSON_BYTES), trace)
    if missing := [name for name in VIDEOS.values() if not (folder / name).is_file()]:
        raise ValueError(f"the run lacks {' and '.join(missing)}")
    return Run(run_id, folder, trace, summary, read_about(folder))


def read_trace(value: object) -> Trace:
    """The trace of a finished run: both sides, all steps."""
    trace = Trace.from_json(value)
    request = trace.request
    baseline = max(len(trace.records.get("baseline", ())), request.steps)
    steps = steps_of(request, baseline)
    for side in SIDES:
        made = [record.step for record in trace.records.get(side, ())]
        if made != list(range(1, steps[side] + 1)):
            raise ValueError(f"the trace has {len(made)} steps of the {side} side, not all {steps[side]} in order")
        if trace.seconds(side) < MIN_SECONDS:
            raise ValueError(f"the trace has no seconds for the {side} side")
    if len(trace.computed_steps("baseline")) != baseline:
        raise ValueError("the trace has a baseline that reuses steps")
    return trace


def read_about(folder: Path) -> About:
    """What run.json says; a folder written by the command line has none, and its files tell when it was made."""
    if not (folder / ABOUT).is_file():
        return About(datetime.fromtimestamp((folder / SUMMARY).stat().st_mtime, UTC))
    value = read_json(folder / ABOUT, MAX_JSON_BYTES)
    if not isinstance(value, dict) or value.get("schema") != SCHEMA:
        raise ValueError(f"a run.json of schema {SCHEMA} is needed")
    return About(read_timestamp(value.get("made")), value.get("visitor", ""), value.get("imported", False))
