"""generate_baseline(request) -> events: the baseline alone, to be taken over by a run of the same request."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event as Flag

from torch import Tensor

from app.caching.policy import NoCache
from app.common.timestamps import write_timestamp
from app.generation.clip import Clip
from app.generation.denoiser import Denoiser
from app.generation.ending import ended, poll_of
from app.generation.events import Event, Started, Step, Stopped
from app.generation.kept_baseline import KeptBaseline
from app.generation.loading import prepared
from app.generation.request import Request
from app.generation.trace import Trace
from app.models.base import VideoModel
from app.models.condition_image import NO_IMAGES, Images
from app.models.registry import load_model


@dataclass(frozen=True)
class BaselineMade:
    """The baseline is there; ends the events of `generate_baseline`."""

    kept: KeptBaseline


def generate_baseline(
    request: Request,
    folder: Path,
    *,
    stop: Flag,
    load: Callable[[str], VideoModel] = load_model,
    images: Images = NO_IMAGES,
    clip: Clip | None = None,
) -> Iterator[Event | BaselineMade]:
    """Denoise a request without its method; called as generate_pair is, writes no files."""
    return ended(_run(request, poll_of(stop), load, images, clip), lambda: Stopped(Trace(request, {})))


def _run(
    request: Request,
    poll: Callable[[], None],
    load: Callable[[str], VideoModel],
    images: Images,
    clip: Clip | None,
) -> Iterator[Event | BaselineMade]:
    model = yield from prepared(load, request, poll, images, clip)
    conditioning, schedule = model.encode_prompt(request.prompt), model.schedule(request.steps)
    yield Started(request, schedule, conditioning.understood, conditioning.ignored)
    run = Denoiser.start(
        model,
        conditioning,
        NoCache(),
        seed=request.seed,
        steps=request.steps,
        guidance=request.guidance,
        poll=poll,
    )
    first: Tensor | None = None
    while not run.done:
        run.advance()
        if first is None:
            first = run.whole(run.latent)
        yield Step("baseline", run.records[-1], run.seconds, b"")
    assert first is not None
    measured = write_timestamp(datetime.now(UTC))
    yield BaselineMade(KeptBaseline(tuple(run.records), first.cpu(), run.whole(run.latent).cpu(), measured))
