"""Runs the Lab starts on the job runner, followed to their end: Run it and Record.

Each generator yields what the panel shows of its run: a state, one line of text, and what was measured so far.
"""

from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any

from app.caching.method import Method
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.methods.listed_steps import ListedStepsConfig
from app.caching.record import StepRecord
from app.common.sentences import sentence
from app.common.validation import as_whole
from app.generation.events import Compared, Failed, Loading, Started, Step, Stopped
from app.generation.request import Request
from app.generation.trace import Side
from app.jobs.runner import JobRunner
from app.jobs.ticket import JobEvent, Stopping, Waiting
from app.jobs.zerogpu import JobEvents, record_run
from app.lab.check import schedule_gap
from app.lab.recording import Recording
from app.lab.session import Recorded
from app.lab.simulate import Simulation, planned, simulate
from app.metrics.registry import quality_text
from app.models.base import ModelCard
from app.runs.store import RunStore
from components.lab.painting import read_schedule
from components.lab.queries import EVERY_STEP, finite
from components.lab.recordings import Library
from components.lab.selection import Selection, asked_codebook
from components.shared.visitors import asker_of
from components.studio.queue import runs_first

Shown = dict[str, Any]
RECORDED: tuple[Side, ...] = ("baseline",)  # the sides that a recording makes


def run_it(
    runner: JobRunner, cards: Mapping[str, ModelCard], library: Library, address: str, asked: object
) -> Generator[Shown]:
    """Generate a recording's request for real, with a codebook or as painted, beside what was simulated."""
    try:
        selection = Selection.read(asked, library)
        name, recording = next(iter(selection.recordings.items()))
        method = _method(asked, selection, recording, cards)
        simulated = _simulated(recording, method)
        request = _request(recording, method, cards)
    except ValueError as error:
        yield _failed(error)
        return
    shown: Shown = {"id": name, "state": "running", "kind": "info", "text": "", "made": 0, "real": {}}
    records: list[StepRecord] = []
    yield shown
    try:
        ticket = runner.submit(asker_of(asked), request, room="lab", address=address)
    except ValueError as error:
        yield _refused(error)
        return
    with closing(runner.events(ticket)) as news:
        for batch in news:
            for event in batch:
                match event:
                    case Started() if event.timesteps != recording.timesteps:
                        yield _failed("the model's timesteps are not this recording's; nothing to compare")
                        return
                    case Started():
                        shown = {**shown, "text": ""}
                    case Step(side="accelerated"):
                        records.append(event.record)
                        shown = {**shown, "made": len(records), "real": _real(records)}
                    case Compared():
                        shown = {**shown, "state": "done", "text": _outcome(simulated, records, event.summary)}
                    case _:
                        shown = {**shown, **_common(event)}
            yield shown


def record_it(
    runner: JobRunner, cards: Mapping[str, ModelCard], library: Library, address: str, asked: object
) -> Generator[Shown]:
    """Record a prompt's baseline and keep it in the library, for the visitor alone where strangers share it."""
    try:
        request = _new_request(asked, cards, runner.store)
    except ValueError as error:
        yield _failed(error)
        return
    shown: Shown = {"state": "running", "kind": "info", "text": "Recording", "made": 0, "steps": request.steps}
    yield shown
    visitor = asker_of(asked)
    kept: Shown = {}

    def record_and_keep(*arguments: Any, **options: Any) -> JobEvents:
        """The recording is kept where it is made, as nobody may be looking any more."""
        for event in record_run(*arguments, **options):
            if isinstance(event, Recorded):
                kept.update(_kept(library, event.recording, visitor))
            yield event

    try:
        ticket = runner.submit(visitor, request, record_and_keep, room="lab", address=address, sides=RECORDED)
    except ValueError as error:
        yield _refused(error)
        return
    with closing(runner.events(ticket)) as news:
        for batch in news:
            for event in batch:
                match event:
                    case Started():
                        shown = {**shown, "steps": len(event.timesteps)}
                    case Step():
                        made = event.record.step
                        shown = {**shown, "made": made, "text": f"Recording, step {made} of {shown['steps']}"}
                    case Recorded():
                        shown = {**shown, **kept}
                    case _:
                        shown = {**shown, **_common(event)}
            yield shown


def painted_request(asked: object, library: Library, cards: Mapping[str, ModelCard]) -> Request:
    """The request of a recording with the schedule painted on it; a ValueError says what does not fit."""
    selection = Selection.read(asked, library)
    recording = next(iter(selection.recordings.values()))
    method = read_schedule(asked, selection.reuse)
    planned(recording, method)
    return _request(recording, method, cards)


def _kept(library: Library, recording: Recording, visitor: str) -> Shown:
    try:
        return {"state": "done", "text": "Recorded.", "added": library.add(recording, visitor)}
    except (ValueError, OSError) as error:
        return _failed(error)


def _outcome(simulated: Simulation, records: list[StepRecord], summary: dict[str, Any]) -> str:
    real = tuple(record.step for record in records if record.computed != "none")
    measured = f"Measured {summary['speedup']:.2f}×, {quality_text(summary['quality'])} to the baseline."
    return " ".join([schedule_gap(simulated.computed, real), measured, *summary["speed_notes"]])


def _common(event: JobEvent) -> Shown:
    match event:
        case Waiting():
            return {"text": f"{runs_first(event.ahead)}; this one starts by itself."}
        case Loading():
            return {"text": f"{event.message}."}
        case Stopping():
            return {"text": "Stopping"}
        case Stopped():
            return {"state": "stopped", "text": "Stopped; no files were kept."}
        case Failed():
            return _failed(event.message)
        case _:
            return {}


def _refused(error: object) -> Shown:
    return {"state": "refused", "kind": "error", "text": sentence(error)}


def _failed(error: object) -> Shown:
    return {"state": "failed", "kind": "error", "text": sentence(error)}


def _real(records: list[StepRecord]) -> Shown:
    computed = [record for record in records if record.computed != "none"]
    return {
        "computed": [record.step for record in computed],
        "looked": [finite(record.regularised) for record in computed],
        "rates": [record.rate for record in computed],
    }


def _method(
    asked: object, selection: Selection, recording: Recording, cards: Mapping[str, ModelCard]
) -> AdaCacheConfig | ListedStepsConfig:
    """A painted schedule where the question lists computed steps, else AdaCache with the codebook."""
    if isinstance(asked, dict) and "computed" in asked:
        return read_schedule(asked, selection.reuse)
    return selection.method(recording, asked_codebook(asked), cards)


def _simulated(recording: Recording, method: AdaCacheConfig | ListedStepsConfig) -> Simulation:
    if isinstance(method, ListedStepsConfig):
        return planned(recording, method)
    return simulate(recording, method)


def _request(recording: Recording, method: Method, cards: Mapping[str, ModelCard]) -> Request:
    if recording.model not in cards:
        raise ValueError(f"the model of this recording, {recording.model}, is not here; the simulation is")
    return Request(
        model=recording.model,
        prompt=recording.prompt,
        method=method,
        seed=recording.seed,
        steps=recording.asked,
        guidance=recording.guidance,
        size=recording.size,
    )


def _new_request(asked: object, cards: Mapping[str, ModelCard], store: RunStore) -> Request:
    card = next(iter(cards.values()))
    if not isinstance(asked, dict):
        raise ValueError("the page does not fit this server; reload it")
    if "run" in asked:
        return recorded_request(store.get(asked["run"], asker_of(asked)).request, cards)
    seed = asked.get("seed")
    return Request(
        model=card.id,
        prompt=asked.get("prompt") or "",
        method=AdaCacheConfig(EVERY_STEP),
        seed=as_whole(seed),  # type: ignore[arg-type]  # checked there
        steps=card.steps,
        guidance=card.guidance,
    )


def recorded_request(request: Request, cards: Mapping[str, ModelCard]) -> Request:
    """A run's request for recording: its baseline, with its method's probe if that is AdaCache."""
    if request.model not in cards:
        raise ValueError(f"the model of this run, {request.model}, is not here")
    if changed := str(request.settings()):
        raise ValueError(f"a recording keeps the model's own settings only; this run has {changed}")
    method = request.adacache or AdaCacheConfig(EVERY_STEP)
    return replace(request, method=replace(method, codebook=EVERY_STEP))
