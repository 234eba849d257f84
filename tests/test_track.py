"""The racetrack: Stop while a model still loads, without a model."""

from pathlib import Path
from threading import Event as Flag
from threading import Thread
from typing import Any

from app.caching.adacache import AdaCacheConfig
from app.caching.codebook import Codebook
from app.events import Started, Stopped
from app.request import Request
from app.runs.store import RunStore
from components.track import Racetrack
from tests.tiny import TinyVideoModel

REQUEST = Request("tiny", "a test", AdaCacheConfig(Codebook((1.0,), (1,))))


def test_stop_while_a_model_loads_ends_at_once_and_the_late_model_starts_nothing(tmp_path: Path) -> None:
    loading, may_load, loaded = Flag(), Flag(), Flag()

    def slowly(model: str) -> Any:
        loading.set()
        may_load.wait()
        loaded.set()
        return TinyVideoModel()

    track = Racetrack(RunStore(tmp_path), slowly)
    Thread(target=lambda: (loading.wait(), track.stop("tab")), daemon=True).start()
    told = [event for batch in track.news("tab", REQUEST) for event in batch]
    assert isinstance(told[-1], Stopped)
    assert not loaded.is_set()
    assert not track.turns
    assert track.line.turns == []
    may_load.set()
    assert loaded.wait(60)
    assert not any(isinstance(event, Started) for event in told)
    assert list(tmp_path.iterdir()) == []
