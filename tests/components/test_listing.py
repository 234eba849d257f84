"""The queue's list on the page: where each run stands, in one pass, and not a thousand of them."""

from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any
from unittest.mock import patch

from app.caching.codebook import Codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.generation.request import Request
from app.jobs.runner import JobRunner
from app.runs.store import RunStore
from components.studio.queue import LISTED, listing_of
from tests.support.tiny import TinyVideoModel

ADA = "a" * 32
REQUEST = Request("tiny", "a test", AdaCacheConfig(Codebook((1.0,), (1,))), steps=4)


def test_the_first_that_wait_are_listed_and_the_others_counted(tmp_path: Path) -> None:
    gate = Event()

    class Held(TinyVideoModel):
        def encode_prompt(self, prompt: str) -> Any:
            gate.wait(60)
            return super().encode_prompt(prompt)

    runner = JobRunner(RunStore(tmp_path), lambda _: Held())
    tickets = [runner.submit(ADA, replace(REQUEST, seed=seed)) for seed in range(LISTED + 11)]
    listing = listing_of(runner, ADA)
    assert listing["more"] == 10
    assert [run["state"] for run in listing["listing"]] == ["running", *["waiting"] * LISTED]
    assert [run["ahead"] for run in listing["listing"]] == list(range(LISTED + 1))
    assert [run["seconds"] for run in listing["listing"]] == [-1] * (LISTED + 1)  # no pace is known yet
    with patch.object(runner.queue, "order", wraps=runner.queue.order) as order:
        listing_of(runner, ADA)
    assert order.call_count == 1  # however many wait
    for ticket in tickets[::-1]:
        runner.stop(ticket)
    gate.set()
    for _ in runner.events(tickets[0]):
        pass
