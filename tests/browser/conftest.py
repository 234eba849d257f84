"""A real Chromium on a real page whose model is the tiny transformer of the golden weights."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest
import torch
from playwright.sync_api import Browser, Page, expect, sync_playwright

from app.caching.codebook import presets
from app.caching.methods.adacache import AdaCacheConfig
from app.generation.pair import generate_pair
from app.generation.request import Request
from app.lab.record import record
from app.lab.recording import load_recording
from app.training.gallery import make_gallery
from components.page import build
from tests.support.chromium import FLAGS, find_chromium
from tests.support.entry import load_entry
from tests.support.paced import Pace, PacedModel
from tests.support.tiny import CARD, TinyVideoModel

TINY = replace(CARD, example_prompts=("a dog moving right fast over snow", "a fish swaying in the ocean"))


TIMEOUT = 60_000  # milliseconds, for machines that have other things to do


@dataclass
class Studio:
    """The page under test: where it is, what it writes, how fast its model is."""

    url: str
    runs: Path
    pace: Pace
    browser: Browser
    pages: list[Page] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    start: Callable[[], tuple[Any, str]] = field(kw_only=True)  # another server over the same folder

    @contextmanager
    def restarted(self) -> Iterator["Studio"]:
        """The page of a new server that finds only what is on disk."""
        demo, url = self.start()
        other = replace(self, url=url, pages=[])
        yield other
        for page in other.pages:
            page.context.close()
        demo.close()

    def visit(self, width: int = 1440, height: int = 900, reuse: bool = False, first: bool = False) -> Page:
        """A new visitor with a page that is ready; anything its scripts throw fails the test.

        Baselines of other tests' runs are reused only on request; the gallery is open on a `first` visit only.
        """
        page = self.browser.new_context(viewport={"width": width, "height": height}).new_page()
        if not first:
            page.add_init_script("localStorage.setItem('adacache-gallery', 'closed')")
        page.set_default_timeout(TIMEOUT)
        self.pages.append(page)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(self.url)
        page.wait_for_selector(".plots[data-ready=true]")
        page.wait_for_selector(".panel-queue[data-ready=true]", state="attached")
        page.set_checked("#reuse-baseline input", reuse)
        return page

    def folders(self) -> set[Path]:
        """Every run on disk."""
        return set(self.runs.iterdir()) if self.runs.exists() else set()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        pytest.fail("no Chromium found; `python -m tests.support.chromium` installs one")
    expect.set_options(timeout=TIMEOUT)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("first_run")
    request = Request("tiny", "a recorded prompt", AdaCacheConfig(presets()["fast"].codebook), steps=12)
    for _ in generate_pair(request, folder, load=lambda _: TinyVideoModel()):
        pass
    return folder


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recordings")
    model = TinyVideoModel()
    for number, prompt in enumerate(("a", "two words", "three short words")):
        made = record(model, prompt, seed=number, steps=30, guidance=7.0)
        timed = replace(made, computed_seconds=0.02, reused_seconds=0.001)  # not of a busy machine
        timed.save(folder / f"{number:02d}.json")
    return folder


@pytest.fixture(scope="session")
def gallery(recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gallery")
    found = {path.stem: load_recording(path) for path in sorted(recordings.glob("*.json"))}
    make_gallery(TinyVideoModel(), found, folder, weights="golden")
    return folder


@pytest.fixture(scope="session")
def launched(
    browser: Browser, first_run: Path, recordings: Path, gallery: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Studio]:
    torch.set_num_threads(1)  # the browser needs the other cores
    entry = load_entry()
    runs, pace = tmp_path_factory.mktemp("studio") / "runs", Pace()

    def start() -> tuple[Any, str]:
        cards = {"tiny": TINY}
        demo = build(runs, cards, lambda _: PacedModel(pace, TINY), first_run, recordings, gallery)
        return demo, entry.launch(demo, "127.0.0.1", None, wait=False)

    demo, url = start()
    yield Studio(url, runs, pace, browser, start=start)
    demo.close()


@pytest.fixture
def studio(launched: Studio) -> Iterator[Studio]:
    """The page, at full speed, without runs of earlier tests, and with all visitors gone after the test."""
    launched.pace.release()
    for folder in launched.folders():
        if not folder.name.startswith("."):  # else it is still being made
            rmtree(folder)
    yield launched
    launched.pace.release()
    for page in launched.pages:
        page.context.close()
    launched.pages.clear()
    errors = list(launched.errors)
    launched.errors.clear()
    assert errors == []
