"""The job runner: Stop while a model still loads, and when what happened is shown."""

from pathlib import Path
from queue import Queue
from threading import Event as Flag
from threading import Thread
from typing import Any

import pytest

from app.caching.codebook import Codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.common.sentences import NO_SPACE
from app.generation.events import Failed, Loading, Started, Stopped
from app.generation.request import Request
from app.jobs.runner import JobEvent, JobRunner, follow
from app.runs.store import RunStore
from tests.support.tiny import TinyVideoModel

REQUEST = Request("tiny", "a test", AdaCacheConfig(Codebook((1.0,), (1,))))


def test_stop_while_a_model_loads_ends_at_once_and_the_late_model_starts_nothing(tmp_path: Path) -> None:
    loading, may_load, loaded = Flag(), Flag(), Flag()

    def slowly(model: str) -> Any:
        loading.set()
        may_load.wait()
        loaded.set()
        return TinyVideoModel()

    runner = JobRunner(RunStore(tmp_path), slowly)

    def stop_once_loading() -> None:
        loading.wait()
        runner.stop("tab")

    Thread(target=stop_once_loading, daemon=True).start()
    told = [event for batch in runner.events("tab", REQUEST) for event in batch]
    assert isinstance(told[-1], Stopped)
    assert not loaded.is_set()
    assert not runner.tickets
    assert runner.queue.tickets == []
    may_load.set()
    assert loaded.wait(60)
    assert not any(isinstance(event, Started) for event in told)
    assert list(tmp_path.iterdir()) == []


def test_the_end_of_a_run_does_not_wait_for_the_next_update(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.jobs.runner.UPDATE_SECONDS", 1000.0)
    events: Queue[JobEvent] = Queue()
    news = follow(events, Flag())
    events.put(Loading("first"))
    assert next(news) == [Loading("first")]
    seen: list[list[JobEvent]] = []
    follower = Thread(target=lambda: seen.extend(news), daemon=True)
    follower.start()
    for event in (Loading("second"), Failed("the end")):
        events.put(event)
    follower.join(60)
    assert [event for batch in seen for event in batch] == [Loading("second"), Failed("the end")]


def test_a_failure_does_not_tell_where_the_runs_lie(tmp_path: Path) -> None:
    runner = JobRunner(RunStore(tmp_path / "runs"), lambda _: TinyVideoModel())

    def failing(request: Request, making: Path, **_: Any) -> Any:
        yield Failed(f"Permission denied: {making / 'baseline.mp4'}")

    (*_, last) = [event for batch in runner.events("tab", REQUEST, failing) for event in batch]
    assert last == Failed("Permission denied")


def test_a_full_disk_is_said_in_one_sentence(tmp_path: Path) -> None:
    runner = JobRunner(RunStore(tmp_path / "runs"), lambda _: TinyVideoModel())

    def failing(request: Request, making: Path, **_: Any) -> Any:
        raise OSError(28, "No space left on device", str(making))
        yield

    (*_, last) = [event for batch in runner.events("tab", REQUEST, failing) for event in batch]
    assert last == Failed(NO_SPACE)
    assert list((tmp_path / "runs").iterdir()) == []
