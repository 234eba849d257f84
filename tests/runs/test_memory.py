"""Twenty runs in a row through the page's own generator: memory stays flat, and nothing is left half done."""

import gc
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from app.caching.codebook import presets
from app.jobs.runner import JobRunner
from app.runs.store import RunStore
from components.shared.codebook import codebook_props
from components.studio.controls import read_request
from components.studio.form import Form
from components.studio.generate import ask_for, follow
from tests.runs.conftest import MODEL

RUNS, WINDOW = 20, 5
STOP = 5  # of the updates
HELD = 300_000  # bytes over ten runs: the store's index takes 110 kB; views that stay 400, frames or latents 1500


@pytest.fixture
def counted() -> Iterator[None]:
    """Count what is allocated from here on; what the libraries hold is not walked again after every run."""
    gc.collect()
    gc.freeze()
    tracemalloc.start()
    yield
    tracemalloc.stop()
    gc.unfreeze()


@pytest.mark.usefixtures("counted")
def test_twenty_runs_leave_memory_flat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.jobs.ticket.UPDATE_SECONDS", 0.0)
    runner = JobRunner(RunStore(tmp_path / "runs"), lambda _: MODEL)
    codebook = codebook_props(presets()["fast"].codebook)
    how = (None, "hold", "own", codebook, True, "official", "l1", "temporal-attn", "mid", 0)
    none = (None, None, None)
    form = Form("tiny", "a test", 0, 4, 7.0, *none, "", "", *none, "", "", "", "", None, "adacache", *how)
    cards, held = {"tiny": MODEL.card}, []
    for seed in range(RUNS):
        ask_for(runner, "", [read_request(cards, replace(form, seed=seed))], reuse=True)
        *_, last = follow(runner, cards, "")
        assert last[STOP]["interactive"] is False
        held.append(held_bytes())
    assert len(runner.store.runs()) == RUNS
    assert runner.queue.of("") == []
    assert growth(held) < HELD


def growth(measured: list[int]) -> int:
    """From the second window to the last; the least of each, as a worker may still be leaving at the others."""
    return min(measured[-WINDOW:]) - min(measured[WINDOW : 2 * WINDOW])


def held_bytes() -> int:
    """What Python objects, arrays and tensors hold that were made since the test began."""
    gc.collect()
    storages = (thing.untyped_storage() for thing in gc.get_objects() if type(thing) is torch.Tensor)
    tensors = {storage.data_ptr(): storage.nbytes() for storage in storages}
    return tracemalloc.get_traced_memory()[0] + sum(tensors.values())
