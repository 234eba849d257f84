"""Events of a run, in the order they happen: what the page, the command line and the tests all read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.caching.record import StepRecord
from app.generation.request import Request
from app.generation.trace import Side, Trace


@dataclass(frozen=True)
class Loading:
    """The model is being downloaded or loaded; comes before `Started`."""

    message: str


@dataclass(frozen=True)
class Started:
    """The run begins: its schedule and what the model understood of the prompt."""

    request: Request
    timesteps: tuple[float, ...]
    understood: tuple[tuple[str, str], ...]  # (word as written, what it means to the model)
    ignored: tuple[str, ...]


@dataclass(frozen=True)
class BaselineFound:
    """The baseline of this request was found on disk; its steps and video follow at once if it is the `same`.

    It is, if its first step, made anew here, agrees bit for bit. `measured`: when its seconds were measured.
    """

    measured: str
    same: bool


@dataclass(frozen=True)
class Step:
    """A side finished a step. `preview` is an animated WebP of the video the model now expects, or empty.

    Previews are made on request only, and not for steps that follow faster than one can look."""

    side: Side
    record: StepRecord
    seconds: float  # compute time of this side so far
    preview: bytes


@dataclass(frozen=True)
class Finished:
    """A side has its video."""

    side: Side
    video: Path
    seconds: float  # compute time of all denoising steps
    decode_seconds: float
    computed_steps: int  # with at least one branch computed
    computed_fraction: float  # branches computed, of those of the baseline
    peak_cache_bytes: int
    earlier_frames: int = 0  # of the clip that the run goes on from, with which its video begins


@dataclass(frozen=True)
class Compared:
    """Both sides are done and measured against each other; `summary` is what summary.json holds."""

    trace: Trace
    summary: dict[str, Any]


@dataclass(frozen=True)
class Stopped:
    """The run was stopped on request; the steps made so far are in `trace`."""

    trace: Trace


@dataclass(frozen=True)
class Failed:
    """The run ended early; `message` is one sentence for the user."""

    message: str


Event = Loading | Started | BaselineFound | Step | Finished | Compared | Stopped | Failed
