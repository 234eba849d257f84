"""A calibration among the runs: it records every prompt, tells how far it is, can be stopped, and is kept."""

from pathlib import Path
from threading import Event as Flag

import pytest

from app.caching.codebook import Codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.generation.events import Failed, Stopped
from app.generation.request import Request
from app.jobs.calibration import BaselineStep, Calibrated, CalibrationJob
from app.jobs.runner import JobRunner
from app.lab.model_calibration import Target
from app.runs.codebooks import CodebookStore
from app.runs.store import RunStore
from components.studio.calibration import Keeping
from tests.support.tiny import CARD, TinyVideoModel

STEPS = 8
REQUEST = Request("tiny", "a", AdaCacheConfig(Codebook((1.0,), (1,))), steps=STEPS, guidance=7.0)
JOB = CalibrationJob(CARD, ("a", "two words"), Target(computed=6))


@pytest.fixture(scope="module")
def model() -> TinyVideoModel:
    return TinyVideoModel()


@pytest.fixture
def runner(tmp_path: Path, model: TinyVideoModel) -> JobRunner:
    return JobRunner(RunStore(tmp_path / "runs"), lambda _: model)


def test_a_calibration_runs_like_any_job_and_its_codebook_is_kept(runner: JobRunner, tmp_path: Path) -> None:
    codebooks = CodebookStore(tmp_path / "codebooks")
    job = Keeping(JOB, codebooks, "")
    ticket = runner.submit("", REQUEST, job, room="calibration", sides=("baseline",))
    assert runner.submit("", REQUEST, job, room="calibration", sides=("baseline",)) is ticket
    events = [event for batch in runner.events(ticket) for event in batch]
    steps = [event for event in events if isinstance(event, BaselineStep)]
    assert [(event.made, event.of) for event in steps] == [(made, 16) for made in range(1, 17)]
    assert ticket.progress.seconds_left == 0
    assert ticket.state == "done"
    end = events[-1]
    assert isinstance(end, Calibrated), end
    assert sum(end.found.counts) / 2 == pytest.approx(6, abs=0.6)
    assert [recording.prompt for recording in end.recordings] == ["a", "two words"]
    (kept,) = codebooks.presets()
    assert kept.codebook == end.found.codebook
    assert kept.title.startswith("Tiny, 8 steps, 17 frames of 80 x 64, ")
    assert not list((tmp_path / "runs").glob(".making-*"))
    assert runner.store.runs() == []


def test_it_stops_inside_a_recording(model: TinyVideoModel, tmp_path: Path) -> None:
    stop, events = Flag(), []
    for event in JOB(REQUEST, tmp_path, stop=stop, previews=True, load=lambda _: model):
        events.append(event)
        if isinstance(event, BaselineStep) and event.made == STEPS + 2:
            stop.set()
    assert isinstance(events[-1], Stopped)
    assert sum(isinstance(event, BaselineStep) for event in events) == STEPS + 2


def test_a_prompt_that_cannot_be_used_ends_it_in_words(model: TinyVideoModel, tmp_path: Path) -> None:
    job = CalibrationJob(CARD, ("gibberish", "a"), JOB.target)
    *_, end = job(REQUEST, tmp_path, stop=Flag(), previews=True, load=lambda _: model)
    assert end == Failed("no known word in the prompt")
