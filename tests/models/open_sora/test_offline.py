"""HF_HUB_OFFLINE: what is missing is named in one line, and nothing reaches for the network."""

import socket
from pathlib import Path
from typing import Any

import pytest

from app.models.diffusers.family import checkpoints
from app.models.open_sora.repositories import TRANSFORMER
from app.models.registry import load_model
from app.models.runtime.memory_plan import Need
from app.models.runtime.weights import Repository, WeightsError, fetch
from tests.support.hub import COMMIT

LATTE = checkpoints()["latte-1"].repository
NEEDS = {part: Need(0, 0) for part in ("text", "transformer", "vae")}


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty Hub cache, and a machine on which every connection is a failure of the test."""

    def connect(*arguments: Any) -> None:
        pytest.fail(f"a connection was tried: {arguments}")

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", connect)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    for variable in ("OPEN_SORA_FOLDER", "DIFFUSERS_FOLDER"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("app.models.open_sora.requirements.needs", lambda _: NEEDS)
    monkeypatch.setattr("app.models.diffusers.requirements.stored_needs", lambda _: NEEDS)
    return tmp_path


def keep(cache: Path, repository: Repository, file: str) -> None:
    """Put one file of a repository into the cache, as a download that broke off leaves it."""
    place = cache / f"models--{repository.id.replace('/', '--')}"
    (place / "refs").mkdir(parents=True)
    (place / "refs" / "main").write_text(COMMIT)
    kept = place / "snapshots" / COMMIT / file
    kept.parent.mkdir(parents=True)
    kept.write_text("{}")


@pytest.mark.parametrize(
    ("repository", "kept", "missing"),
    [(TRANSFORMER, "config.json", "model.safetensors"), (LATTE, "model_index.json", "text_encoder/.*")],
    ids=["open-sora-1.2", "latte-1"],
)
def test_a_missing_file_is_named(offline: Path, repository: Repository, kept: str, missing: str) -> None:
    with pytest.raises(
        WeightsError, match=rf"^cannot download {repository.id}: .* is not in the Hub cache [^\n]*$"
    ):
        fetch(repository)
    keep(offline, repository, kept)
    with pytest.raises(WeightsError, match=rf"^[^\n]*{COMMIT}/{missing} is missing, and HF_HUB_OFFLINE is set$"):
        fetch(repository)


@pytest.mark.parametrize("model", ["open-sora-1.2", "latte-1"])
def test_a_model_says_what_it_lacks_when_it_is_picked(offline: Path, model: str) -> None:
    repository = {"open-sora-1.2": TRANSFORMER, "latte-1": LATTE}[model]
    with pytest.raises(ValueError, match=rf"^[^\n]*weights {repository.id}: [^\n]*HF_HUB_OFFLINE is set[^\n]*$"):
        load_model(model)
