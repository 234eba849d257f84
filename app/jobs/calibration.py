"""CalibrationJob: a codebook for a model, made where runs are made: a recording a prompt, then the thresholds.

Each recording borrows a GPU of its own on a ZeroGPU Space, so that none asks for longer than a visitor may have.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event as Flag
from time import monotonic
from typing import Any

from app.caching.methods.adacache import AdaCacheConfig
from app.generation.ending import StopRequested, error_message, poll_of
from app.generation.events import Failed, Loading, Started, Step, Stopped
from app.generation.request import Request
from app.generation.trace import Trace
from app.jobs.zerogpu import record_run
from app.lab.model_calibration import ModelCalibration, Target, calibrate_model
from app.lab.recording import Recording
from app.lab.session import Recorded
from app.models.base import ModelCard, VideoModel


@dataclass(frozen=True)
class BaselineStep:
    """Steps made of all baselines that are recorded, and their seconds so far."""

    made: int
    of: int
    seconds: float


@dataclass(frozen=True)
class Calibrated:
    """The codebook is there; ends the events of a `CalibrationJob`."""

    found: ModelCalibration
    recordings: tuple[Recording, ...]


CalibrationEvent = Loading | BaselineStep | Calibrated | Stopped | Failed


@dataclass(frozen=True)
class CalibrationJob:
    """Calibrates a model; called as generate_pair is, with the request of the first prompt."""

    card: ModelCard
    prompts: tuple[str, ...]
    target: Target

    def __call__(
        self, request: Request, folder: Path, *, stop: Flag, load: Callable[[str], VideoModel], **options: Any
    ) -> Iterator[CalibrationEvent]:
        """Record every prompt with the method's probe, then choose; writes no files."""
        began, made, of = monotonic(), 0, 0
        recordings: list[Recording] = []
        for prompt in self.prompts:
            for event in record_run(replace(request, prompt=prompt), folder, stop=stop, load=load, **options):
                match event:
                    case Started():
                        of = len(event.timesteps) * len(self.prompts)
                    case Step():
                        made += 1
                        yield BaselineStep(made, of, monotonic() - began)
                    case Recorded():
                        recordings.append(event.recording)
                    case Loading():
                        yield event
                    case Stopped() | Failed():
                        yield event
                        return
        assert isinstance(request.method, AdaCacheConfig)
        try:
            found = calibrate_model(recordings, self.card, request.method, self.target, poll_of(stop))
        except StopRequested:
            yield Stopped(Trace(request, {}))
        except ValueError as error:  # what the recordings do not allow
            yield Failed(error_message(error))
        else:
            yield Calibrated(found, tuple(recordings))
