"""Downloads: reported, resumed, and not repeated, against a Hub on this machine."""

import os
from pathlib import Path

import pytest

from app.caching.codebook import load_codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.generation.events import Failed, Loading
from app.generation.pair import generate_pair
from app.generation.request import Request
from app.models.base import VideoModel
from app.models.runtime.weights import Repository, WeightsError, fetch
from tests.support.hub import COMMIT, serve

NAME = "someone/weights"
FILES = {"config.json": b"{}", "weights.dat": os.urandom(200_000), "unwanted.dat": b"x" * 1000}
REPOSITORY = Repository(NAME, ("config.json", "weights.*"), 200_000)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    return tmp_path


def use(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", address)
    monkeypatch.setattr(
        "huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE",
        address + "/{repo_id}/resolve/{revision}/{filename}",
    )


def test_a_download_is_reported_and_not_repeated(cache: Path, monkeypatch: pytest.MonkeyPatch):
    reports: list[tuple[str, int, int]] = []
    with serve(NAME, FILES) as (address, log):
        use(address, monkeypatch)
        place = fetch(REPOSITORY, lambda *report: reports.append(report))
        assert (place / "weights.dat").read_bytes() == FILES["weights.dat"]
        assert not (place / "unwanted.dat").exists()
        asked = len(log)
        assert fetch(REPOSITORY) == place
        assert len(log) == asked
    assert reports[-1][0] == NAME
    assert max(done for _, done, _ in reports) == 200_002


def test_a_dropped_connection_resumes(cache: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 1000)  # what is kept of a broken answer
    with serve(NAME, FILES, drops=1) as (address, log):
        use(address, monkeypatch)
        place = fetch(REPOSITORY)
        assert (place / "weights.dat").read_bytes() == FILES["weights.dat"]
    assert f"GET /{NAME}/resolve/{COMMIT}/weights.dat bytes=100000-" in log


def test_no_network_is_said(cache: Path, monkeypatch: pytest.MonkeyPatch):
    use("http://127.0.0.1:1", monkeypatch)
    with pytest.raises(WeightsError, match=f"cannot download {NAME}: .*Connection"):
        fetch(REPOSITORY)


def test_an_unknown_repository_is_said(cache: Path, monkeypatch: pytest.MonkeyPatch):
    with serve("someone/else", FILES) as (address, _):
        use(address, monkeypatch)
        with pytest.raises(WeightsError, match=f"cannot download {NAME}: .*404 Not Found"):
            fetch(REPOSITORY)


def test_a_download_is_told_in_the_event_stream(cache: Path, monkeypatch: pytest.MonkeyPatch):
    """A model that downloads when it is loaded: what is told comes before the run itself."""
    files = {"config.json": b"{}", "weights.dat": os.urandom(3_000_000)}
    with serve(NAME, files) as (address, _):
        use(address, monkeypatch)

        def load(model: str) -> VideoModel:
            fetch(Repository(NAME, ("config.json", "weights.*"), 3_000_000))
            raise WeightsError("and that is all")

        request = Request("tiny", "a test", AdaCacheConfig(load_codebook("fast")))
        events = list(generate_pair(request, cache, load=load))
    told = [event.message for event in events if isinstance(event, Loading)]
    assert told
    assert all(message.startswith(f"Downloading {NAME}: 0.0 GB of 0.0 GB") for message in told)
    assert events[-1] == Failed("and that is all")
