"""record_run(request) -> events: a recording made where runs are made, one step at a time, with stop."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event as Flag

from app.caching.record import StepRecord
from app.generation.ending import ended, poll_of
from app.generation.events import Event, Started, Step, Stopped
from app.generation.loading import prepared
from app.generation.request import Request
from app.generation.trace import Trace
from app.lab.record import record_stepwise
from app.lab.recorder import RecorderConfig
from app.lab.recording import Recording
from app.models.base import VideoModel


@dataclass(frozen=True)
class Recorded:
    """A baseline was recorded for the Lab; ends the events of `record_run`."""

    recording: Recording


def record_run(
    request: Request, folder: Path, *, stop: Flag, previews: bool, load: Callable[[str], VideoModel]
) -> Iterator[Event | Recorded]:
    """Record a request's baseline with its method's probe; called as generate_pair is.

    Writes no files.
    """
    return ended(_run(request, poll_of(stop), load), lambda: Stopped(Trace(request, {})))


def _run(
    request: Request, poll: Callable[[], None], load: Callable[[str], VideoModel]
) -> Iterator[Event | Recorded]:
    model = yield from prepared(load, request, poll)
    conditioning, schedule = model.encode_prompt(request.prompt), model.schedule(request.steps)
    yield Started(request, schedule, conditioning.understood, conditioning.ignored)
    method = request.adacache
    making = record_stepwise(
        model,
        request.prompt,
        seed=request.seed,
        steps=request.steps,
        guidance=request.guidance,
        config=RecorderConfig(method.recorded_residual, method.locations) if method else RecorderConfig(),
        poll=poll,
    )
    while True:
        try:
            step = next(making)
        except StopIteration as end:
            yield Recorded(replace(end.value, size=request.size))
            return
        yield Step(
            "baseline", StepRecord(step=step, timestep=schedule[step - 1], computed="all", seconds=0.0), 0.0, b""
        )
