"""The job runner: runs that outlive whoever looks at them, Stop, and what nobody comes back to."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from typing import Any

import pytest

from app.caching.codebook import Codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.common.sentences import NO_SPACE
from app.generation.events import Compared, Failed, Loading, Started, Step, Stopped
from app.generation.request import Request
from app.jobs.limits import Limits
from app.jobs.queue import Place
from app.jobs.runner import JobRunner
from app.jobs.ticket import JobEvent, RunKept, Stopping, Ticket, Waiting
from app.models.size import Size
from app.runs.store import RunStore
from tests.support.tiny import TinyVideoModel

REQUEST = Request("tiny", "a test", AdaCacheConfig(Codebook((1.0,), (1,))), steps=4)
ADA, BOB = "a" * 32, "b" * 32


@dataclass
class HeldModel(TinyVideoModel):
    """A model that waits before its first step until told to go on."""

    gate: Flag = field(default_factory=Flag)

    def __post_init__(self) -> None:
        super().__init__()

    def denoise_step(self, *arguments: Any) -> Any:
        self.gate.wait(60)
        return super().denoise_step(*arguments)


@pytest.fixture
def model() -> Iterator[HeldModel]:
    held = HeldModel()
    yield held
    held.gate.set()


@pytest.fixture
def runner(tmp_path: Path, model: HeldModel) -> Iterator[JobRunner]:
    made = JobRunner(RunStore(tmp_path), lambda _: model)
    yield made
    model.gate.set()
    for ticket in [*made.queue.of(BOB), *made.queue.of(ADA)][::-1]:
        made.stop(ticket)
        to_the_end(made, ticket)


def to_the_end(runner: JobRunner, ticket: Ticket) -> list[JobEvent]:
    return [event for batch in runner.events(ticket) for event in batch]


def seed(number: int) -> Request:
    return replace(REQUEST, seed=number)


def test_a_run_that_nobody_reads_goes_on_and_is_told_from_its_start(runner: JobRunner, model: HeldModel) -> None:
    ticket = runner.submit(ADA, REQUEST)
    first = runner.events(ticket)
    assert isinstance(next(first)[0], Started)
    first.close()  # a tab that was closed
    model.gate.set()
    told = to_the_end(runner, ticket)
    assert isinstance(told[0], Started)
    assert sum(isinstance(event, Step) for event in told) == 8
    assert isinstance(told[-2], RunKept)
    assert isinstance(told[-1], Compared)
    assert [run.id for run in runner.store.runs()] == [ticket.run]
    assert runner.store.get(ticket.run).about.visitor == ADA
    assert to_the_end(runner, ticket) == told


def test_runs_of_one_visitor_follow_each_other_and_tell_their_place(runner: JobRunner, model: HeldModel) -> None:
    first, second, third = (runner.submit(ADA, seed(number)) for number in range(3))
    assert next(runner.events(third)) == [Waiting(2, None)]
    model.gate.set()
    assert isinstance(to_the_end(runner, third)[-1], Compared)
    assert [ticket.state for ticket in (first, second, third)] == ["done"] * 3
    assert runner.tickets(ADA) == [first, second, third]
    assert runner.tickets(BOB) == []


def test_the_same_run_is_not_made_twice(runner: JobRunner) -> None:
    ticket = runner.submit(ADA, REQUEST)
    assert runner.submit(ADA, REQUEST) is ticket
    assert runner.submit(BOB, REQUEST) is not ticket


def test_stop_leaves_a_step_and_cancels_what_waits(runner: JobRunner, model: HeldModel, tmp_path: Path) -> None:
    first, second, third = (runner.submit(ADA, seed(number)) for number in range(3))
    runner.stop(second)
    assert second.state == "stopped"
    runner.stop(first)
    assert isinstance(next(runner.events(first))[-1], Stopping)
    model.gate.set()
    assert isinstance(to_the_end(runner, first)[-1], Stopped)
    assert isinstance(to_the_end(runner, third)[-1], Compared)
    assert [path.name for path in tmp_path.iterdir()] == [third.run]


def test_stop_while_a_model_loads_ends_at_once_and_the_late_model_starts_nothing(tmp_path: Path) -> None:
    loading, may_load, loaded = Flag(), Flag(), Flag()

    def slowly(model: str) -> Any:
        loading.set()
        may_load.wait()
        loaded.set()
        return TinyVideoModel()

    runner = JobRunner(RunStore(tmp_path), slowly)
    ticket = runner.submit(ADA, REQUEST)

    def stop_once_loading() -> None:
        loading.wait()
        runner.stop(ticket)

    Thread(target=stop_once_loading, daemon=True).start()
    told = to_the_end(runner, ticket)
    assert isinstance(told[-1], Stopped)
    assert not loaded.is_set()
    assert runner.queue.running is None
    may_load.set()
    assert loaded.wait(60)
    assert not any(isinstance(event, Started) for event in told)
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_nobody_comes_back_to_is_stopped_and_one_that_is_watched_goes_on(
    tmp_path: Path, model: HeldModel
) -> None:
    now = [0.0]
    runner = JobRunner(RunStore(tmp_path), lambda _: model, Limits(abandoned_seconds=600), lambda: now[0])
    gone, waiting = runner.submit(ADA, seed(0)), runner.submit(ADA, seed(1))
    stays = runner.submit(BOB, seed(2))
    now[0] = 601.0
    runner.visit(BOB)
    model.gate.set()
    assert isinstance(to_the_end(runner, stays)[-1], Compared)
    assert [gone.state, waiting.state] == ["stopped", "stopped"]
    assert "nobody came back to it for 10 minutes" in gone.reason


def test_too_many_waiting_runs_are_refused_in_words(tmp_path: Path, model: HeldModel) -> None:
    runner = JobRunner(RunStore(tmp_path), lambda _: model, Limits(waiting=2, all_waiting=3))
    for number in range(3):
        runner.submit(ADA, seed(number))
    with pytest.raises(ValueError, match="2 of your runs are waiting already"):
        runner.submit(ADA, seed(3))
    runner.submit(BOB, seed(3))
    with pytest.raises(ValueError, match="3 runs are waiting already; try again"):
        runner.submit("c" * 32, seed(3))


def test_the_wait_is_reckoned_from_the_pace_of_the_run_that_goes(runner: JobRunner, model: HeldModel) -> None:
    model.gate.set()
    done = runner.submit(ADA, seed(0))
    to_the_end(runner, done)
    model.gate.clear()
    runner.submit(ADA, seed(1))
    second, third = runner.submit(ADA, seed(2)), runner.submit(ADA, seed(3))
    pace = sum(done.progress.seconds.values()) / 8  # 4 steps of both sides
    assert runner.pace.seconds_of(REQUEST) == pytest.approx(8 * pace)
    assert [runner.place(ticket).ahead for ticket in (second, third)] == [1, 2]
    assert runner.place(second).seconds == pytest.approx(8 * pace)
    assert runner.place(third).seconds == pytest.approx(16 * pace)
    unknown = runner.submit(ADA, replace(seed(4), size=Size(64, 64, 16)))
    assert runner.place(unknown).seconds == pytest.approx(24 * pace)
    assert runner.place(runner.submit(ADA, seed(5))) == Place(4, None)
    assert runner.place(done) == Place()


def test_the_end_of_a_run_does_not_wait_for_the_next_update(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.jobs.ticket.UPDATE_SECONDS", 1000.0)
    ticket = Ticket(ADA, REQUEST)
    ticket.begin()
    news = ticket.follow()
    ticket.tell(Loading("first"))
    assert next(news) == [Loading("first")]
    seen: list[list[JobEvent]] = []
    follower = Thread(target=lambda: seen.extend(news), daemon=True)
    follower.start()
    for event in (Loading("second"), Failed("the end")):
        ticket.tell(event)
    follower.join(60)
    assert [event for batch in seen for event in batch] == [Loading("second"), Failed("the end")]


def test_a_kept_run_is_told_with_its_numbers(runner: JobRunner, model: HeldModel) -> None:
    """One update of the page at the end, not two."""
    model.gate.set()
    kept, compared = to_the_end(runner, runner.submit(ADA, REQUEST))[-2:]
    ticket = Ticket(ADA, REQUEST)
    ticket.begin()
    ticket.tell(kept)
    asked = iter((True, False))  # one look while only the kept run is there
    assert list(ticket.follow(lambda: next(asked))) == []
    ticket.tell(compared)
    assert list(ticket.follow()) == [[kept, compared]]


def test_a_failure_does_not_tell_where_the_runs_lie(tmp_path: Path) -> None:
    runner = JobRunner(RunStore(tmp_path / "runs"), lambda _: TinyVideoModel())

    def failing(request: Request, making: Path, **_: Any) -> Any:
        yield Failed(f"Permission denied: {making / 'baseline.mp4'}")

    (*_, last) = to_the_end(runner, runner.submit(ADA, REQUEST, failing))
    assert last == Failed("Permission denied")


def test_a_full_disk_is_said_in_one_sentence(tmp_path: Path) -> None:
    runner = JobRunner(RunStore(tmp_path / "runs"), lambda _: TinyVideoModel())

    def failing(request: Request, making: Path, **_: Any) -> Any:
        raise OSError(28, "No space left on device", str(making))
        yield

    (*_, last) = to_the_end(runner, runner.submit(ADA, REQUEST, failing))
    assert last == Failed(NO_SPACE)
    assert list((tmp_path / "runs").iterdir()) == []
