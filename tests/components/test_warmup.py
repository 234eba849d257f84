"""Loading in the background: in any precision, one model at a time, and nothing waits that is loaded already."""

from dataclasses import replace
from threading import Event, Thread

from app.caching.codebook import Codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.generation.loading import loading
from app.generation.request import Request
from app.models.base import VideoModel
from components.shared.warmup import Warmup
from tests.support.tiny import TinyVideoModel

REQUEST = Request("tiny", "a test", AdaCacheConfig(Codebook((1.0,), (1,))), steps=4)


def test_a_run_in_another_precision_loads_the_model_in_it() -> None:
    asked: list[tuple[str, dict[str, str]]] = []

    def loader(model: str, **precision: str) -> VideoModel:
        asked.append((model, precision))
        return TinyVideoModel()

    warmup = Warmup("sprites", loader)
    for request in (replace(REQUEST, precision="float32"), REQUEST):
        list(loading(warmup.load, request))
    assert asked == [("tiny", {"precision": "float32"}), ("tiny", {})]
    assert warmup.state_of("tiny") == "ready"
    assert warmup.state_of("other") == "loads with its first run"


def test_what_is_loaded_does_not_wait_for_another_models_download() -> None:
    begun, go_on = Event(), Event()

    def loader(model: str, **precision: str) -> VideoModel:
        if model == "large":
            begun.set()
            go_on.wait(60)
        return TinyVideoModel()

    warmup = Warmup("tiny", loader)
    warmup.load("tiny")
    download = Thread(target=warmup.load, args=("large",))
    download.start()
    assert begun.wait(60)
    other = Thread(target=warmup.load, args=("tiny",))
    other.start()
    other.join(60)
    assert not other.is_alive()
    assert download.is_alive()
    go_on.set()
    download.join(60)
    assert not download.is_alive()
