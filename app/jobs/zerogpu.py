"""ZeroGPU of Hugging Face Spaces: there, runs of models that need a GPU are made in a process that borrows one.

`generate_pair` and `record_run` are called as those of app.generation.pair and app.lab.session; elsewhere they
are those.

What the package spaces (0.51) does: `spaces.GPU(generator, duration=seconds_of)` asks for the GPU when the
generator starts, for `seconds_of` the same arguments; runs it in a forked process; and pickles the arguments there
and what it yields back. So a lock or an Event cannot cross: Stop is looked at out here whenever an event arrives,
and closing the generator has spaces leave the one over there after its step. A step that is under way, and a wait
for a GPU, are finished first. None of this has been tried on a Space yet.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from math import ceil
from pathlib import Path
from threading import Event as Flag
from typing import Any

from app.caching.record import StepRecord
from app.generation import pair
from app.generation.events import Event, Failed, Step, Stopped
from app.generation.kept_baseline import KeptBaseline, none_kept
from app.generation.loading import loading
from app.generation.request import Request
from app.generation.trace import SIDES, Side, Trace
from app.lab import session
from app.lab.pair_recorder import PairRecorder
from app.metrics.countable import Workload
from app.metrics.flops import COUNTABLE, TERA, step_count
from app.models.base import VideoModel
from app.models.registry import REQUIREMENTS, card, load_model

SWITCH = "SPACES_ZERO_GPU"  # set by a ZeroGPU Space, which has the package as well
TFLOPS_A_SECOND = 60.0  # the paper's Table 1: 3230 TFLOPs in 54 s on an A100; ZeroGPU's share of an H200 has more
STEP_TFLOPS = 120.0  # of a model that cannot be counted: a step of Open-Sora at the paper's size, rounded up
LOADING_SECONDS = 60  # up to 25 GB of weights from the disk to the GPU
TEXT_TOKENS = 300  # what every T5 caption is padded to, at most

JobEvents = Iterator[Event | session.Recorded]
Job = Callable[..., JobEvents]  # called as generate_pair is


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
    found = PassedBaseline(kept(request))  # looked up here: the store of runs has a lock
    return _borrowed(pair.generate_pair, request, folder, stop or Flag(), load, kept=found, **options)


def record_run(
    request: Request, folder: Path, *, stop: Flag, load: Callable[[str], VideoModel], **options: Any
) -> JobEvents:
    """app.lab.session.record_run, its denoising where the GPU is."""
    if not borrows(request.model):
        return session.record_run(request, folder, stop=stop, load=load, **options)
    return _borrowed(session.record_run, request, folder, stop, load, **options)


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
    """For how long to ask for a GPU, were every step of both sides computed.

    LOADING_SECONDS + (steps of both sides x TFLOPs of a step + 2 x TFLOPs of decoding) / TFLOPS_A_SECOND, the
    TFLOPs being those of the request's model and size.
    """
    step, decoding = _tflops(request)
    steps = request.steps + request.method.run_steps(request.steps)
    return LOADING_SECONDS + ceil((steps * step + 2 * decoding) / TFLOPS_A_SECOND)


def _borrowed(
    job: Job, request: Request, folder: Path, stop: Flag, load: Callable[[str], VideoModel], **options: Any
) -> JobEvents:
    """Run a job over there; what spaces refuses, such as a used-up quota, ends it with `Failed` in its words."""
    records: dict[Side, list[StepRecord]] = {side: [] for side in SIDES}

    def poll() -> None:
        if stop.is_set():
            raise pair.StopRequested

    try:
        yield from loading(load, request, poll)  # downloads here, where no GPU waits for it
        with closing(_on_gpu()(job, request, folder, options)) as events:
            for event in events:
                poll()
                if isinstance(event, Step):
                    records[event.side].append(event.record)
                yield event
    except pair.StopRequested:
        yield Stopped(Trace(request, {side: tuple(made) for side, made in records.items()}))
    except ValueError as error:
        yield Failed(pair.error_message(error))
    except Exception as error:
        if not isinstance(said := getattr(error, "message", None), str):  # what spaces raises are gradio's errors
            raise
        yield Failed(said)


def _work(job: Job, request: Request, folder: Path, options: Mapping[str, Any]) -> JobEvents:
    """What runs over there."""
    yield from job(request, folder, stop=Flag(), load=load_model, **options)


@cache
def _on_gpu() -> Callable[..., Any]:
    import spaces  # installed on ZeroGPU Spaces only

    decorated: Callable[..., Any] = spaces.GPU(_work, duration=seconds_of)
    return decorated


def _tflops(request: Request) -> tuple[float, float]:
    """TFLOPs of a step and of decoding a video; of models that cannot be counted, a step that is large enough."""
    if request.model not in COUNTABLE:
        return STEP_TFLOPS, STEP_TFLOPS
    size = request.size or card(request.model).size
    work = Workload(size.height, size.width, size.frames, request.steps, TEXT_TOKENS)
    step = step_count(request.model, work)
    total = step.rest.total + sum(count.total for count in step.branches.values())
    return total / TERA, COUNTABLE[request.model].decode(work).total / TERA
