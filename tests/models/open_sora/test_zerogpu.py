"""On a ZeroGPU Space runs go through spaces.GPU, for seconds told by the request; elsewhere they do not.

The package is played by one that does what it does to arguments and events: it pickles them.
"""

import pickle
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from math import ceil
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from threading import Event as Flag
from types import SimpleNamespace
from typing import Any

import pytest

from app.caching.codebook import load_codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.methods.fewer_steps import FewerStepsConfig
from app.caching.record import StepRecord
from app.generation import pair
from app.generation.events import (
    BaselineFound,
    Compared,
    Event,
    Failed,
    Finished,
    Loading,
    Started,
    Step,
    Stopped,
)
from app.generation.kept_baseline import LATENTS, KeptBaseline, read_latents
from app.generation.request import Request
from app.jobs import gpu_cost, zerogpu
from app.lab.session import Recorded
from app.models.open_sora.card import CARD
from app.models.open_sora.model import OpenSora
from app.models.registry import card
from tests.support.illustrated import gradient

REQUEST = Request("open-sora-1.2", "A red fox", AdaCacheConfig(load_codebook("fast")), steps=4, guidance=7.0)


class Spaces(SimpleNamespace):
    """spaces as far as it is used; `seconds` is what was asked for, `fetched` the weights before it."""

    def __init__(self) -> None:
        super().__init__(seconds=[], closed=0, fetched=[])

    def GPU(self, task: Callable[..., Iterator[Event]], duration: Callable[..., int]) -> Callable[..., Any]:
        def handler(*args: Any) -> Iterator[Event]:
            self.seconds.append(duration(*args))
            events = task(*_copied(args))
            try:
                for event in events:
                    yield _copied(event)
            except GeneratorExit:
                self.closed += 1
                events.close()  # type: ignore[attr-defined]  # a generator
                raise

        return handler


def _copied(value: Any) -> Any:
    return pickle.loads(bytes(ForkingPickler.dumps(value)))


@pytest.fixture
def spaces(monkeypatch: pytest.MonkeyPatch, model: OpenSora) -> Iterator[Spaces]:
    fake = Spaces()
    monkeypatch.setitem(sys.modules, "spaces", fake)
    monkeypatch.setenv(zerogpu.SWITCH, "true")
    monkeypatch.setattr("app.jobs.zerogpu.load_model", lambda name: model)
    monkeypatch.setattr("app.jobs.zerogpu.fetch_weights", fake.fetched.append)
    monkeypatch.setattr("app.jobs.zerogpu.RATES", rates := gpu_cost.Rates({"open-sora-1.2": 36.0}))
    monkeypatch.setattr("app.jobs.gpu_cost.RATES", rates)
    monkeypatch.setattr("app.jobs.gpu_cost.tflops", lambda request: (30.0, 15.0))
    zerogpu._on_gpu.cache_clear()
    yield fake
    zerogpu._on_gpu.cache_clear()


def test_a_race_there_is_a_race_here(spaces: Spaces, model: OpenSora, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
    expected = list(pair.generate_pair(REQUEST, here, load=lambda _: model))
    cost, *events = list(zerogpu.generate_pair(REQUEST, there, load=never, stop=Flag()))
    asked = 60 + ceil(1.2 * (8 * 30 + 2 * 15) / 36)
    assert isinstance(cost, Loading)
    assert cost.message.startswith(f"Asking for {asked} s of a GPU; a visitor has about 120 s a day")
    assert isinstance(events[-1], Compared), events[-1]
    assert spaces.fetched == ["open-sora-1.2"]
    assert sorted(type(event).__name__ for event in events) == sorted(type(event).__name__ for event in expected)
    for name in ("baseline.mp4", "accelerated.mp4", LATENTS):
        assert (here / name).read_bytes() == (there / name).read_bytes()
    assert spaces.seconds == [asked]

    latents = read_latents(there / LATENTS)
    assert latents is not None
    kept = KeptBaseline(events[-1].trace.records["baseline"], *latents, "9999-03-01")
    learned = zerogpu.RATES.of("open-sora-1.2")
    assert learned != 36.0  # of the steps just made
    again = list(zerogpu.generate_pair(REQUEST, there, load=never, kept=lambda request: kept))
    assert BaselineFound("9999-03-01", True) in again
    one_step_anew = 60 + ceil(1.2 * (5 * 30 + 2 * 15) / learned)
    assert spaces.seconds[-1] == one_step_anew


def test_time_for_both_sides_is_asked_for_where_a_kept_baseline_may_not_fit(
    spaces: Spaces, model: OpenSora, tmp_path: Path
) -> None:
    """Of an earlier server, say with another torch: where its first step differs, all of it is made anew."""
    (here := tmp_path / "here").mkdir()
    whole = list(zerogpu.generate_pair(REQUEST, here, load=never))
    assert isinstance(whole[-1], Compared)
    latents = read_latents(here / LATENTS)
    assert latents is not None
    records = whole[-1].trace.records["baseline"]
    other = KeptBaseline(records, latents[0] + 1, latents[1], "2026-03-01T00:00:00Z")
    (there := tmp_path / "there").mkdir()
    asked = zerogpu.cost_of(REQUEST, kept=False).turns
    again = list(zerogpu.generate_pair(REQUEST, there, load=never, kept=lambda request: other))
    assert BaselineFound(other.measured, False) in again
    assert isinstance(again[-1], Compared)
    assert spaces.seconds[-1:] == list(asked)


def test_what_is_too_long_for_one_turn_is_made_in_two(
    spaces: Spaces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.gpu_cost.MOST_SECONDS", 69)  # one turn would be 60 + 9 + 1
    monkeypatch.setattr("app.jobs.gpu_cost.tflops", lambda request: (30.0, 0.0))
    zerogpu.RATES.known["open-sora-1.2"] = 30.0
    monkeypatch.setattr(zerogpu.RATES, "learn", lambda request, records: None)
    cost, *events = list(zerogpu.generate_pair(REQUEST, tmp_path, load=never))
    assert isinstance(cost, Loading)
    assert "in 2 turns, the baseline first" in cost.message
    assert spaces.seconds == [60 + ceil(1.2 * 4), 60 + ceil(1.2 * 5)]
    assert isinstance(events[-1], Compared), events[-1]
    assert any(isinstance(event, BaselineFound) and event.same for event in events)
    assert {path.name for path in tmp_path.iterdir()} >= {"baseline.mp4", "accelerated.mp4", LATENTS}

    monkeypatch.setattr("app.jobs.gpu_cost.MOST_SECONDS", 64)
    (refused,) = zerogpu.generate_pair(REQUEST, tmp_path, load=never)
    assert refused == Failed(
        "this run would take 66 s of a GPU at a time, and 64 s may be asked for; "
        "choose fewer steps or a smaller size"
    )


def test_both_turns_have_the_images_of_the_request(
    spaces: Spaces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.gpu_cost.MOST_SECONDS", 69)
    monkeypatch.setattr("app.jobs.gpu_cost.tflops", lambda request: (30.0, 0.0))
    zerogpu.RATES.known["open-sora-1.2"] = 30.0
    image = gradient()
    request, images = replace(REQUEST, image=image.id), {image.id: image}
    *events, last = zerogpu.generate_pair(request, tmp_path, load=never, images=images)
    assert isinstance(last, Compared), last
    assert len(spaces.seconds) == 2
    assert any(isinstance(event, BaselineFound) and event.same for event in events)


def test_a_failed_first_turn_asks_for_no_second(
    spaces: Spaces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.gpu_cost.MOST_SECONDS", 69)
    zerogpu.RATES.known["open-sora-1.2"] = 30.0
    monkeypatch.setattr(OpenSora, "encode_prompt", _refuse)
    *_, last = zerogpu.generate_pair(REQUEST, tmp_path, load=never)
    assert last == Failed("no known word")
    assert len(spaces.seconds) == 1


def test_stop_leaves_after_the_step_that_is_under_way(spaces: Spaces, model: OpenSora, tmp_path: Path) -> None:
    stop, events = Flag(), []
    for event in zerogpu.generate_pair(REQUEST, tmp_path, load=never, stop=stop):
        events.append(event)
        if isinstance(event, Step):
            stop.set()
    assert [type(event) for event in events] == [Loading, Started, Step, Stopped]
    stopped = events[-1]
    assert isinstance(stopped, Stopped)
    assert sum(len(records) for records in stopped.trace.records.values()) == 1
    assert spaces.closed == 1
    assert not any(tmp_path.iterdir())


def test_recordings_are_made_there_too(spaces: Spaces, model: OpenSora, tmp_path: Path) -> None:
    *_, last = zerogpu.record_run(REQUEST, tmp_path, stop=Flag(), previews=False, load=never)
    assert isinstance(last, Recorded), last
    assert spaces.seconds == [60 + ceil(1.2 * (6 * 30 + 2 * 15) / 36)]


def test_what_spaces_refuses_is_said_in_its_words(
    spaces: Spaces, model: OpenSora, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refusal(Exception):
        message = "You have exceeded your GPU quota"

    def refuse(*args: Any) -> Iterator[Event]:
        raise Refusal
        yield

    monkeypatch.setattr(spaces, "GPU", lambda task, duration: refuse)
    assert list(zerogpu.generate_pair(REQUEST, tmp_path, load=never))[1:] == [Failed(Refusal.message)]


def test_elsewhere_nothing_changes(model: OpenSora, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spaces", None)  # importing it would fail
    monkeypatch.delenv(zerogpu.SWITCH, raising=False)
    zerogpu.prepare()
    events = list(zerogpu.generate_pair(replace(REQUEST, steps=2), tmp_path, load=lambda _: model))
    assert any(isinstance(event, Finished) for event in events)
    assert not zerogpu.borrows("sprites", {zerogpu.SWITCH: "true"})
    assert zerogpu.borrows("open-sora-1.2", {zerogpu.SWITCH: "true"})


def test_seconds_follow_steps_size_and_the_rate_of_the_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.jobs.gpu_cost.RATES", rates := gpu_cost.Rates())

    def seconds(request: Request) -> int:
        return sum(gpu_cost.cost_of(request, kept=False).turns)

    asked = replace(REQUEST, steps=30)
    a100 = 2 * 54 * 60 / gpu_cost.FIRST_RATE  # the paper's 54 s a side at 60 TFLOPs a second
    assert 60 + a100 <= seconds(asked) < 1.6 * (60 + a100)  # with decoding and a margin
    assert seconds(replace(asked, size=CARD.requested_size("144p"))) < seconds(asked)
    assert seconds(replace(asked, method=FewerStepsConfig(10))) < seconds(asked)
    lower = AdaCacheConfig(load_codebook("fast-100"))  # computes every third step at most
    assert gpu_cost.most_computed(replace(asked, method=lower)) == 14
    assert gpu_cost.most_computed(asked) == 30
    assert gpu_cost.cost_of(asked, kept=True).turns[0] < seconds(asked)
    unknown = replace(asked, model="wan-2.1-1.3b")
    assert seconds(unknown) == 60 + ceil(1.2 * 62 * gpu_cost.STEP_TFLOPS / gpu_cost.FIRST_RATE)
    fast = [StepRecord(step=step, timestep=1.0, computed="all", seconds=0.6) for step in (1, 2, 3)]
    rates.learn(unknown, fast)
    assert rates.of("wan-2.1-1.3b") == pytest.approx(200)
    assert seconds(unknown) == 60 + ceil(1.2 * 62 * 0.6)


def test_the_published_defaults_fit_the_turns_that_may_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.jobs.gpu_cost.RATES", gpu_cost.Rates())
    plan = card("open-sora-plan-1.1")
    own = Request(plan.id, "A fox", AdaCacheConfig(load_codebook(plan.codebook)), steps=plan.steps)
    assert gpu_cost.cost_of(own, kept=False).refusal is None
    released = replace(REQUEST, steps=100, size=CARD.requested_size("720p"))
    assert "choose fewer steps or a smaller size" in (gpu_cost.cost_of(released, kept=False).refusal or "")


def never(model: str) -> OpenSora:
    """The main process loads nothing: spaces emulates CUDA in its first thread only."""
    raise AssertionError(f"{model} was loaded out here")


def _refuse(*_: Any) -> None:
    raise ValueError("no known word")
