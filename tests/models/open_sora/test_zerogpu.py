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
from app.generation import pair
from app.generation.events import (
    BaselineFound,
    Compared,
    Event,
    Failed,
    Finished,
    Started,
    Step,
    Stopped,
)
from app.generation.kept_baseline import LATENTS, KeptBaseline, read_latents
from app.generation.request import Request
from app.jobs import zerogpu
from app.lab.session import Recorded
from app.models.open_sora.card import CARD
from app.models.open_sora.model import OpenSora

REQUEST = Request("open-sora-1.2", "A red fox", AdaCacheConfig(load_codebook("fast")), steps=4, guidance=7.0)


class Spaces(SimpleNamespace):
    """spaces as far as it is used; `seconds` is what was asked for."""

    def __init__(self) -> None:
        super().__init__(seconds=[], closed=0)

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
    monkeypatch.setattr("app.jobs.zerogpu._tflops", lambda request: (30.0, 15.0))
    zerogpu._on_gpu.cache_clear()
    yield fake
    zerogpu._on_gpu.cache_clear()


def test_a_race_there_is_a_race_here(spaces: Spaces, model: OpenSora, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
    expected = list(pair.generate_pair(REQUEST, here, load=lambda _: model))
    events = list(zerogpu.generate_pair(REQUEST, there, load=lambda _: model, stop=Flag()))
    assert isinstance(events[-1], Compared), events[-1]
    assert sorted(type(event).__name__ for event in events) == sorted(type(event).__name__ for event in expected)
    for name in ("baseline.mp4", "accelerated.mp4", LATENTS):
        assert (here / name).read_bytes() == (there / name).read_bytes()
    assert spaces.seconds == [60 + ceil((8 * 30 + 2 * 15) / 60)]

    latents = read_latents(there / LATENTS)
    assert latents is not None
    kept = KeptBaseline(events[-1].trace.records["baseline"], *latents, "2026-03-01")
    again = list(zerogpu.generate_pair(REQUEST, there, load=lambda _: model, kept=lambda request: kept))
    assert BaselineFound("2026-03-01", True) in again


def test_stop_leaves_after_the_step_that_is_under_way(spaces: Spaces, model: OpenSora, tmp_path: Path) -> None:
    stop, events = Flag(), []
    for event in zerogpu.generate_pair(REQUEST, tmp_path, load=lambda _: model, stop=stop):
        events.append(event)
        if isinstance(event, Step):
            stop.set()
    assert [type(event) for event in events] == [Started, Step, Stopped]
    stopped = events[-1]
    assert isinstance(stopped, Stopped)
    assert sum(len(records) for records in stopped.trace.records.values()) == 1
    assert spaces.closed == 1
    assert not any(tmp_path.iterdir())


def test_recordings_are_made_there_too(spaces: Spaces, model: OpenSora, tmp_path: Path) -> None:
    *_, last = zerogpu.record_run(REQUEST, tmp_path, stop=Flag(), previews=False, load=lambda _: model)
    assert isinstance(last, Recorded), last
    assert len(spaces.seconds) == 1


def test_what_spaces_refuses_is_said_in_its_words(
    spaces: Spaces, model: OpenSora, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refusal(Exception):
        message = "You have exceeded your GPU quota"

    def refuse(*args: Any) -> Iterator[Event]:
        raise Refusal
        yield

    monkeypatch.setattr(spaces, "GPU", lambda task, duration: refuse)
    assert list(zerogpu.generate_pair(REQUEST, tmp_path, load=lambda _: model)) == [Failed(Refusal.message)]


def test_elsewhere_nothing_changes(model: OpenSora, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spaces", None)  # importing it would fail
    monkeypatch.delenv(zerogpu.SWITCH, raising=False)
    zerogpu.prepare()
    events = list(zerogpu.generate_pair(replace(REQUEST, steps=2), tmp_path, load=lambda _: model))
    assert any(isinstance(event, Finished) for event in events)
    assert not zerogpu.borrows("sprites", {zerogpu.SWITCH: "true"})
    assert zerogpu.borrows("open-sora-1.2", {zerogpu.SWITCH: "true"})


def test_seconds_follow_steps_and_size() -> None:
    def seconds(request: Request) -> int:
        return zerogpu.seconds_of(pair.generate_pair, request, Path(), {})

    asked = replace(REQUEST, steps=30)
    assert 60 + 2 * 54 <= seconds(asked) < 1.5 * (60 + 2 * 54)  # the paper's 54 s a side on an A100, and decoding
    assert seconds(replace(asked, size=CARD.requested_size("144p"))) < seconds(asked)
    assert seconds(replace(asked, method=FewerStepsConfig(10))) < seconds(asked)
    unknown = replace(asked, model="wan-2.1-1.3b")
    assert seconds(unknown) == 60 + ceil((60 * zerogpu.STEP_TFLOPS + 2 * zerogpu.STEP_TFLOPS) / 60)
