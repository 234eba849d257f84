"""Load a request's model while telling what is downloaded, as a part of the event stream."""

from collections.abc import Callable, Generator
from queue import Empty, Queue
from threading import Thread
from time import monotonic
from typing import TypeVar, cast

from app.generation.clip import Clip, check_clip
from app.generation.events import Loading
from app.generation.images import check_image
from app.generation.request import Request
from app.models.base import VideoModel, adjusted, at_size
from app.models.condition_image import NO_IMAGES, Images
from app.models.runtime.memory import gigabytes
from app.models.runtime.weights import reporting

Loaded = TypeVar("Loaded")  # a model, or nothing where its weights are only fetched
POLL_SECONDS = 0.2
TOLD_SECONDS = 0.5  # a download reports far more often than anybody reads


def loading(
    load: Callable[[str], Loaded], request: Request, poll: Callable[[], None] = lambda: None
) -> Generator[Loading, None, Loaded]:
    """Yield what is going on; returns the request's model in its precision, or raises why there is none.

    `poll` may raise to stop waiting. What is loading then goes on in the background and is there the next time.
    """
    news: Queue[Loading | Loaded | Exception] = Queue()
    due = 0.0
    precision = {} if request.precision is None else {"precision": request.precision}

    def report(repository: str, done: int, total: int) -> None:
        nonlocal due
        if monotonic() >= due or done == total:
            due = monotonic() + TOLD_SECONDS
            of = f" of {gigabytes(total)}" if total else ""
            news.put(Loading(f"Downloading {repository}: {gigabytes(done)}{of}"))

    def work() -> None:
        try:
            with reporting(report):
                news.put(cast(Callable[..., Loaded], load)(request.model, **precision))
        except Exception as error:
            news.put(error)

    Thread(target=work, daemon=True).start()
    while True:
        poll()
        try:
            item = news.get(timeout=POLL_SECONDS)
        except Empty:
            continue
        if isinstance(item, Exception):
            raise item
        if not isinstance(item, Loading):
            return item
        yield item


def prepared(
    load: Callable[[str], VideoModel],
    request: Request,
    poll: Callable[[], None],
    images: Images = NO_IMAGES,
    clip: Clip | None = None,
) -> Generator[Loading, None, VideoModel]:
    """As `loading`, and the model then makes videos of the request's size with its settings, images and start.

    Raises before anything is loaded where an image is missing, or the clip is not one to go on from.
    """
    check_image(request)
    check_clip(request, clip)
    model = yield from loading(load, request, poll)
    return adjusted(
        at_size(model, request.size), request.settings(), images, None if clip is None else clip.latent
    )
