"""What the page costs: python -m benchmarks.page

In one process and one model: a run read as the command line reads it, then the same run from a press on Generate
in a real browser until its numbers are there, alternating. Server and browser have a core each: that measures what
the page costs the server, not a browser that draws without a GPU on the server's cores (with both on the
same two cores the ratio was 1.4 to 1.8). Prints one JSON line with the median of the pairs' ratios, as the speed
of a rented machine changes by a tenth within minutes; the first pair, which also loads things, is left out.
"""

import json
import os
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import torch
from playwright.sync_api import Page, sync_playwright

from app.caching.codebook import presets
from app.caching.methods.adacache import AdaCacheConfig
from app.generation.events import Compared
from app.generation.pair import generate_pair
from app.generation.request import Request
from app.lab.pair_recorder import PairRecorder
from app.models.registry import load_model
from benchmarks.entry import served
from tests.support.chromium import FLAGS, find_chromium

ROUNDS, VISITS = 8, 3
HELD_TO = 1.05
READY_SECONDS = 3.0


def main() -> int:
    """Alternate both; exit 1 if the page costs too much or is ready too late."""
    model = load_model("sprites")
    prompt, codebook = model.card.example_prompts[0], presets()[model.card.codebook].codebook
    request = Request(model.card.id, prompt, AdaCacheConfig(codebook, motion=model.card.motion))
    command, page_seconds = [], []
    ready = statistics.median(seconds_to_ready() for _ in range(VISITS))
    torch.set_num_threads(1)
    os.sched_setaffinity(0, {1})  # inherited by the browser
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright, ExitStack() as stack:
        os.sched_setaffinity(0, {0})  # inherited by the server's threads
        url = stack.enter_context(served(Path(folder) / "runs"))
        os.sched_setaffinity(0, {1})
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        os.sched_setaffinity(0, {0})
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(url)
        page.wait_for_selector("#generate:not([disabled])")
        page.uncheck("#reuse-baseline input")
        for _ in range(ROUNDS):
            started = time.perf_counter()
            events = list(generate_pair(request, Path(folder), watch=PairRecorder.of))
            assert isinstance(events[-1], Compared)
            command.append(time.perf_counter() - started)
            page_seconds.append(generate(page))
        browser.close()
    pairs = list(zip(page_seconds, command, strict=True))[1:]
    ratio = statistics.median(of_page / of_command for of_page, of_command in pairs)
    reached = ratio <= HELD_TO and ready <= READY_SECONDS
    print(
        json.dumps(
            {
                "ready_seconds": round(ready, 2),
                "command_seconds": [round(s, 2) for s in command],
                "page_seconds": [round(s, 2) for s in page_seconds],
                "ratio": round(ratio, 3),
                "held_to": {"ratio": HELD_TO, "ready_seconds": READY_SECONDS},
                "reached": reached,
            }
        )
    )
    return 0 if reached else 1


def seconds_to_ready() -> float:
    """From the address to a Generate that can be pressed; on all cores, with a new server and a new browser."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright, served(Path(folder)) as url:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        started = time.perf_counter()
        page.goto(url)
        page.wait_for_selector("#generate:not([disabled])")
        seconds = time.perf_counter() - started
        browser.close()
    return seconds


def generate(page: Page) -> float:
    """Seconds from the press on Generate until the run is over and may be repeated."""
    started = time.perf_counter()
    page.click("#generate")
    page.wait_for_selector("#stop:not([disabled])", timeout=60_000)
    page.wait_for_selector("#stop[disabled]", timeout=300_000)
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
