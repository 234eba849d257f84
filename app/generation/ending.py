"""How a run ends before its time: stopped inside a step, or failed in a sentence that a person can act on.

Every job that denoises tells its end through `ended`, so that memory is given back whatever the job was.
"""

from collections.abc import Callable, Iterator
from threading import Event as Flag
from typing import TypeVar

from app.common.sentences import FULL, NO_SPACE
from app.generation.events import Failed, Stopped
from app.models.runtime.memory import lacks_memory, release_memory

Told = TypeVar("Told")  # what the job yields


class StopRequested(Exception):
    """Raised inside a step once the stop flag is set."""


def poll_of(stop: Flag) -> Callable[[], None]:
    """What a denoiser calls inside its steps: raises StopRequested once the flag is set."""

    def poll() -> None:
        if stop.is_set():
            raise StopRequested

    return poll


def ended(events: Iterator[Told], stopped: Callable[[], Stopped]) -> Iterator[Told | Stopped | Failed]:
    """The events, and where they break off `stopped()` or `Failed`; what nobody could mend is raised."""
    try:
        yield from events
        return
    except StopRequested:
        end: Stopped | Failed = stopped()
    except (ValueError, OSError, MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and not lacks_memory(error):
            raise  # nothing that a person could mend
        end = Failed(error_message(error))
    release_memory()  # out here, where the error no longer holds on to the run's tensors
    yield end


def error_message(error: BaseException) -> str:
    """What a person needs to know of an error that ended a run."""
    if isinstance(error, OSError):
        if error.errno in FULL:
            return NO_SPACE
        return f"{error.strerror or error}: {error.filename}" if error.filename else str(error)
    if lacks_memory(error):
        return "not enough memory for this run; choose a smaller model, fewer frames or a smaller size"
    return str(error)
