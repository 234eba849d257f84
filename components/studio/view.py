"""What the page shows of a run: a fold over its events, and the same from a recorded folder.

A View is what both panels draw from; the generator in page.py only moves it forward.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from secrets import token_hex
from typing import Any, Self

from app.caching.explanation import explain
from app.caching.motion import MotionRegularisation
from app.caching.record import StepRecord
from app.common.timestamps import display_time, read_timestamp
from app.generation import run_notes
from app.generation.events import BaselineFound, Compared, Failed, Finished, Started, Step, Stopped
from app.generation.request import Request
from app.generation.trace import SIDES, Side, steps_of
from app.jobs.ticket import RunKept
from app.runs.run import Run, load_run
from components.shared.web import data_uri

NOT_YET = "Nothing has been generated with these settings yet; Generate does."


@dataclass(frozen=True)
class SideView:
    """One side so far: its records as JSON, its clock, and its latest preview as a data URI.

    A record of the accelerated side has an `explanation` where the method is AdaCache.
    """

    records: tuple[dict[str, Any], ...] = ()
    seconds: float = 0.0
    preview: str = ""
    preview_step: int = 0
    done: bool = False

    @property
    def computed(self) -> int:
        """Steps in which something was computed."""
        return sum(record["computed"] != "none" for record in self.records)


@dataclass(frozen=True)
class View:
    """A run as the page shows it; `videos` and `summary` are there once measured."""

    request: Request
    motion: MotionRegularisation  # the model's own, by which is told what regularisation would do where it is off
    timesteps: tuple[float, ...]
    decided: StepRecord | None = None  # the accelerated side's last computed step
    sides: dict[Side, SideView] = field(default_factory=lambda: {side: SideView() for side in SIDES})
    videos: dict[Side, Path] = field(default_factory=dict)
    summary: dict[str, Any] | None = None
    understood: tuple[tuple[str, str], ...] = ()
    ignored: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()
    state: str = "running"
    recorded: bool = False  # ships with the Studio
    run: str = ""  # its id once it is kept
    made: str = ""  # of a run that is shown again: when it was made
    reused: str = ""  # when the baseline was measured, if that was in an earlier run
    token: str = field(default_factory=lambda: token_hex(4))  # tells the browser one run from the next

    @property
    def steps(self) -> dict[Side, int]:
        """Denoising steps of each side; none where nothing has been made."""
        if not self.timesteps:
            return dict.fromkeys(SIDES, 0)
        return steps_of(self.request, len(self.timesteps))

    @classmethod
    def start(cls, event: Started, motion: MotionRegularisation) -> Self:
        """The empty view of a run that begins."""
        sentences = run_notes.before(event.request) + run_notes.of_prompt(event.ignored)
        return cls(
            event.request,
            motion,
            event.timesteps,
            understood=event.understood,
            ignored=event.ignored,
            sentences=tuple(sentences),
        )

    def after(self, event: BaselineFound | Step | RunKept | Finished | Compared | Stopped | Failed) -> Self:
        """The view once an event has happened."""
        match event:
            case BaselineFound():
                measured = read_timestamp(event.measured)
                sentences = (*self.sentences, *run_notes.of_baseline(measured, event.same))
                return replace(self, reused=display_time(measured) if event.same else "", sentences=sentences)
            case RunKept():
                return replace(self, run=event.run.id, videos={side: event.run.video(side) for side in SIDES})
            case Step():
                old = self.sides[event.side]
                preview, step = old.preview, old.preview_step
                if event.preview:
                    preview, step = data_uri(event.preview, "image/webp"), event.record.step
                told = self._told(event.side, event.record)
                side = SideView((*old.records, told), event.seconds, preview, step)
                decides = event.side == "accelerated" and event.record.computed != "none"
                decided = event.record if decides else self.decided
                return replace(self, sides={**self.sides, event.side: side}, decided=decided)
            case Finished():
                side = replace(self.sides[event.side], done=True)
                videos = {**self.videos, event.side: event.video}
                return replace(self, sides={**self.sides, event.side: side}, videos=videos)
            case Compared():
                sentences = (*self.sentences, *event.summary["speed_notes"], *run_notes.after(event.trace))
                return replace(self, summary=event.summary, sentences=sentences, state="done")
            case Stopped():
                return replace(self, state="stopped", videos={})
            case Failed():
                return replace(self, state="failed", videos={})

    def _told(self, side: Side, record: StepRecord) -> dict[str, Any]:
        """A record as the charts read it, with the decision explained where there was one."""
        method = self.request.adacache
        if side == "baseline" or method is None:
            return record.to_json()
        told = explain(method, self.motion, record, self.decided, self.steps[side])
        return {**record.to_json(), "explanation": told.to_json()}


def unmade(request: Request, motion: MotionRegularisation) -> View:
    """The view of settings that nothing was generated with yet."""
    return View(request, motion, (), sentences=(NOT_YET,), state="unmade")


def recorded(folder: Path, motion: Mapping[str, MotionRegularisation]) -> View:
    """The view of the run that ships with the Studio; `motion` is that of every model."""
    run = load_run(folder, "")
    return replace(reopened(run, motion[run.request.model]), recorded=True, made="")


def reopened(run: Run, motion: MotionRegularisation) -> View:
    """The view of a run that was made before, from the files it wrote."""
    trace, summary = run.trace, run.summary
    earlier = run_notes.of_baseline(run.baseline_measured, True) if summary["baseline_measured"] else []
    ignored = tuple(summary["ignored"])
    sentences = (
        *run_notes.before(trace.request),
        *run_notes.of_prompt(ignored),
        *earlier,
        *summary["speed_notes"],
        *run_notes.after(trace),
    )
    view = View(trace.request, motion, tuple(record.timestep for record in trace.records["baseline"]))
    for side in SIDES:
        for record in trace.records[side]:
            view = view.after(Step(side, record, trace.seconds(side), preview=b""))
    return replace(
        view,
        sides={side: replace(made, done=True) for side, made in view.sides.items()},
        videos={side: run.video(side) for side in SIDES},
        summary=summary,
        understood=tuple((word, meaning) for word, meaning in summary["understood"]),
        ignored=ignored,
        sentences=sentences,
        state="done",
        run=run.id,
        made=display_time(run.about.made),
        reused=display_time(run.baseline_measured) if summary["baseline_measured"] else "",
    )
