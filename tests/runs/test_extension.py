"""Clips to go on from: a visitor's own, with the latent that is kept here and not exported; joined runs read."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from app.generation.events import Compared
from app.generation.pair import generate_pair
from app.generation.request import Request
from app.models.base import NO_CLIP
from app.runs.archive import export_zip, import_zip
from app.runs.clip import check_mp4
from app.runs.difference import differing_settings
from app.runs.run import Run
from app.runs.store import RunStore, about_now
from tests.runs.conftest import REQUEST
from tests.support.illustrated import IllustratedModel

ADA, BOB = "a" * 32, "b" * 32
FIRST = replace(REQUEST, model="illustrated")


def make(store: RunStore, request: Request) -> Run:
    making = store.begin("0" * 16)
    clip = store.clip(request, ADA)
    *_, last = generate_pair(request, making, load=lambda _: IllustratedModel(), clip=clip)
    assert isinstance(last, Compared), last
    return store.keep(making, about_now(ADA))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> RunStore:
    return RunStore(tmp_path_factory.mktemp("extended") / "runs", public=True)


@pytest.fixture(scope="module")
def runs(store: RunStore) -> tuple[Run, Run]:
    """A run, and one that goes on from it."""
    first = make(store, FIRST)
    return first, make(store, replace(FIRST, seed=1, extends=first.id, overlap=2))


def test_a_clip_is_its_visitors(store: RunStore, runs: tuple[Run, Run]) -> None:
    first, more = runs
    assert store.clip(FIRST, ADA) is None
    found = store.clip(more.request, ADA)
    assert found is not None
    assert (found.request, found.latent.shape[2], found.video) == (FIRST, 5, first.video("accelerated"))
    for request, visitor in ((more.request, BOB), (replace(more.request, extends="gone"), ADA)):
        with pytest.raises(ValueError, match=NO_CLIP):
            store.clip(request, visitor)


def test_a_joined_run_is_read_exported_and_imported(
    store: RunStore, runs: tuple[Run, Run], tmp_path: Path
) -> None:
    first, more = runs
    assert RunStore(store.folder).get(more.id, ADA).summary["earlier_frames"] == 5
    assert [check_mp4(run.video("accelerated"))[0] for run in runs] == [5, 8]
    assert ("extends", "none", first.id) in differing_settings([run.request for run in runs])
    export_zip(more, tmp_path / "more.zip")
    there = RunStore(tmp_path / "there")
    imported = import_zip(there, tmp_path / "more.zip")
    assert imported.request == more.request
    with pytest.raises(ValueError, match=r"^that run keeps no latent to go on from; runs do that are made here"):
        there.clip(replace(FIRST, extends=imported.id, overlap=2))


@pytest.mark.parametrize("frames", [0, -1, 1.5, None])
def test_a_run_that_goes_on_states_its_earlier_frames(
    store: RunStore, runs: tuple[Run, Run], frames: object
) -> None:
    path = runs[1].folder / "summary.json"
    before = path.read_text()
    path.write_text(json.dumps({**json.loads(before), "earlier_frames": frames}))
    try:
        with pytest.raises(ValueError, match="earlier_frames must be a whole number from 1 to 10000"):
            RunStore(store.folder).get(runs[1].id, ADA)
    finally:
        path.write_text(before)
