"""ZeroGPU of Hugging Face Spaces: there, runs of models that need a GPU are made in a process that borrows one.

`generate_pair` and `record_run` are called as those of app.generation.pair and app.lab.session; elsewhere they
are those.

What the package spaces (0.51) does: `spaces.GPU(generator, duration=seconds_of)` asks for the GPU when the
generator starts, for `seconds_of` the same arguments; runs it in a forked process; and pickles the arguments there
and what it yields back. So a lock or an Event cannot cross: Stop is looked at out here whenever an event arrives,
and closing the generator has spaces leave the one over there after its step. A step that is under way, and a wait
for a GPU, are finished first. It emulates CUDA per thread: out here weights are fetched, and nothing is loaded.
None of this has been tried on a Space yet; the package itself runs in tests/support/space.py, without a GPU.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from threading import Event as Flag
from typing import Any

from app.caching.record import StepRecord
from app.generation import pair
from app.generation.baseline import BaselineMade, generate_baseline
from app.generation.ending import StopRequested, error_message, poll_of
from app.generation.events import Event, Failed, Loading, Step, Stopped
from app.generation.kept_baseline import KeptBaseline, none_kept
from app.generation.loading import loading
from app.generation.request import Request
from app.generation.trace import SIDES, Side, Trace
from app.jobs.gpu_cost import RATES, baseline_seconds, cost_of, recording_seconds
from app.lab import session
from app.lab.pair_recorder import PairRecorder
from app.models.base import VideoModel
from app.models.downloads import fetch_weights
from app.models.registry import REQUIREMENTS, load_model

SWITCH = "SPACES_ZERO_GPU"  # set by a ZeroGPU Space, which has the package as well
STARTED = datetime.now().astimezone()

JobEvents = Iterator[Event | session.Recorded]
Job = Callable[..., Iterator[Any]]  # called as generate_pair is; what it yields, its room knows


def generate_pair(
    request: Request,
    folder: Path,
    *,
    stop: Flag | None = None,
    load: Callable[[str], VideoModel] = load_model,
    kept: Callable[[Request], KeptBaseline | None] = none_kept,
    **options: Any,
) -> JobEvents:
    """app.generation.pair.generate_pair, its denoising where the GPU is; the run records its baseline."""
    options["watch"] = PairRecorder.of
    if not borrows(request.model):
        return pair.generate_pair(request, folder, stop=stop, load=load, kept=kept, **options)
    return _generate(request, folder, stop or Flag(), kept(request), options)


def record_run(
    request: Request, folder: Path, *, stop: Flag, load: Callable[[str], VideoModel], **options: Any
) -> JobEvents:
    """app.lab.session.record_run, its denoising where the GPU is."""
    if not borrows(request.model):
        return session.record_run(request, folder, stop=stop, load=load, **options)
    return _borrowed(session.record_run, request, folder, stop, **options)


def _generate(
    request: Request, folder: Path, stop: Flag, found: KeptBaseline | None, options: Mapping[str, Any]
) -> JobEvents:
    """A pair in one turn at the GPU, or the baseline in one and the accelerated side in the next.

    `found` was looked up out here, as the store of runs has a lock.
    """
    cost = cost_of(request, kept=found is not None and _sure(found))
    if cost.refusal:
        yield Failed(cost.refusal)
        return
    yield Loading(str(cost))
    if len(cost.turns) > 1:
        given = {name: options[name] for name in ("images", "clip") if name in options}
        for event in _borrowed(generate_baseline, request, folder, stop, **given):
            if isinstance(event, BaselineMade):
                found = event.kept
            else:
                yield event
        if found is None:  # it was stopped, or failed
            return
    yield from _borrowed(pair.generate_pair, request, folder, stop, kept=PassedBaseline(found), **options)


@dataclass(frozen=True)
class PassedBaseline:
    """What was found of a kept baseline, as `generate_pair` asks for it."""

    baseline: KeptBaseline | None

    def __call__(self, request: Request) -> KeptBaseline | None:
        return self.baseline


def borrows(model: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this is a ZeroGPU Space and the model one that needs a GPU; Sprites runs beside it on the CPU."""
    return environment.get(SWITCH, "").lower() in ("1", "t", "true") and model in REQUIREMENTS


def prepare() -> None:
    """Tell spaces of what it is to run, before the page starts; it wants that told at the start."""
    if any(borrows(model) for model in REQUIREMENTS):
        _on_gpu()


def seconds_of(job: Job, request: Request, folder: Path, options: Mapping[str, Any]) -> int:
    """For how long to ask for a GPU (app/jobs/gpu_cost.py)."""
    if job is generate_baseline:
        return baseline_seconds(request)
    if job is session.record_run:
        return recording_seconds(request)
    found = options["kept"].baseline
    return cost_of(request, kept=found is not None and _sure(found)).turns[-1]


def _sure(found: KeptBaseline) -> bool:
    """Whether this very server made it. Another torch or card may begin otherwise: the turn then makes it anew."""
    return datetime.fromisoformat(found.measured).astimezone() >= STARTED


def _borrowed(job: Job, request: Request, folder: Path, stop: Flag, **options: Any) -> Iterator[Any]:
    """Run a job over there; what spaces refuses, such as a used-up quota, ends it with `Failed` in its words."""
    records: dict[Side, list[StepRecord]] = {side: [] for side in SIDES}

    poll = poll_of(stop)
    try:
        yield from loading(_fetched, request, poll)  # downloads here, where no GPU waits for it
        with closing(_on_gpu()(job, request, folder, options)) as events:
            for event in events:
                poll()
                if isinstance(event, Step):
                    records[event.side].append(event.record)
                yield event
        if job is not session.record_run:  # whose steps are not timed
            RATES.learn(request, records["accelerated"] or records["baseline"])  # a kept baseline is older
    except StopRequested:
        yield Stopped(Trace(request, {side: tuple(made) for side, made in records.items()}))
    except Exception as error:
        yield Failed(_words(error))


def _words(error: Exception) -> str:
    """What a visitor is told of an error; one that nobody foresaw is raised again."""
    if isinstance(said := getattr(error, "message", None), str):  # Gradio's, which spaces raises
        title = getattr(error, "title", "")
        return f"{title}: {said!s}" if title else str(said)  # where it is HTML, its `str` is the text alone
    if not isinstance(error, ValueError):
        raise error
    return error_message(error)


def _fetched(model: str, **precision: Any) -> None:
    """Weights are on this machine; they are loaded over there, in the precision asked for."""
    fetch_weights(model)


def _work(job: Job, request: Request, folder: Path, options: Mapping[str, Any]) -> Iterator[Any]:
    """What runs over there."""
    yield from job(request, folder, stop=Flag(), load=load_model, **options)


@cache
def _on_gpu() -> Callable[..., Any]:
    import spaces  # installed on ZeroGPU Spaces only

    decorated: Callable[..., Any] = spaces.GPU(_work, duration=seconds_of)
    return decorated
