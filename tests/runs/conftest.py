"""Runs of the tiny transformer, made once and copied into a store of each test's own."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree

import pytest

from app.caching.codebook import Codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.generation.events import Compared
from app.generation.pair import generate_pair
from app.generation.request import Request
from app.runs.run import About, Run
from app.runs.store import RunStore
from tests.support.tiny import TinyVideoModel

MODEL = TinyVideoModel()
FAST = Codebook((0.08, 0.16, 1.00), (6, 3, 1))
SLOW = Codebook((0.08, 1.00), (2, 1))
REQUEST = Request("tiny", "a test", AdaCacheConfig(FAST), steps=6)
MADE = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    *_, last = generate_pair(REQUEST, folder, load=lambda _: MODEL)
    assert isinstance(last, Compared)
    return folder


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs")


@pytest.fixture
def run(store: RunStore, made: Path) -> Run:
    return keep(store, made)


def keep(store: RunStore, files: Path, **about: object) -> Run:
    """Put a copy of a made run into a store."""
    making = store.begin(REQUEST.key())
    copytree(files, making, dirs_exist_ok=True)
    return store.keep(making, replace(About(MADE), **about))  # type: ignore[arg-type]
