"""Loading the first model in the background after launch, so that the page never waits for it."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Event as Flag
from threading import Lock, Thread

from app.models.base import VideoModel
from app.models.settings import Precision

POLL_SECONDS = 0.2
LOADING = "loading model"
log = logging.getLogger(__name__)


@dataclass
class Warmup:
    """Loads models one at a time; the first without being asked.

    `loader` takes a model and, where the device's own is not wanted, a `precision`; it keeps what it loads.
    """

    model: str
    loader: Callable[..., VideoModel]
    state: str = LOADING
    loaded: set[tuple[str, Precision | None]] = field(default_factory=set)
    done: Flag = field(default_factory=Flag)
    lock: Lock = field(default_factory=Lock)

    def start(self) -> None:
        """Begin to load the first model."""
        Thread(target=self._first, daemon=True).start()

    def load(self, model: str, precision: Precision | None = None) -> VideoModel:
        """A model, after any loading that is under way; at once where it is loaded already."""
        chosen = {} if precision is None else {"precision": precision}
        if (model, precision) in self.loaded:
            return self.loader(model, **chosen)
        with self.lock:
            loaded = self.loader(model, **chosen)
            self.loaded.add((model, precision))
            return loaded

    def state_of(self, model: str) -> str:
        """What to say of any model that can run here."""
        if model == self.model:
            return self.state
        return "ready" if any(loaded == model for loaded, _ in self.loaded) else "loads with its first run"

    def states(self) -> Iterator[str]:
        """What to say of the first model, until it no longer changes."""
        yield self.state
        while not self.done.wait(POLL_SECONDS):
            pass
        yield self.state

    def _first(self) -> None:
        try:
            self.load(self.model)
            self.state = "ready"
        except Exception:
            log.exception("model %s could not be loaded", self.model)
            self.state = "model not available"
        finally:
            self.done.set()
