"""The pictures of the page in docs/: python -m tests.support.pictures

The embedded model's page in a browser, with two runs generated for it, at the sizes the documents show.
"""

import argparse
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, sync_playwright

from app.training.made import mark
from tests.support.chromium import FLAGS, find_chromium
from tests.support.paths import ROOT

NAME = "pictures"  # in the record of what was made with which weights
PROMPTS = ("a dog moving right fast with confetti", "an empty meadow")
WAIT = 120_000  # milliseconds


@dataclass(frozen=True)
class Picture:
    """One file of docs/: the size and theme of the window, and what is done before it is taken."""

    name: str
    width: int
    height: int
    open: Callable[[Page], None]
    theme: str = "light"


def studio(page: Page) -> None:
    """The recorded first run, as the page opens."""
    page.wait_for_selector(".viewer[data-playing=true]")


def decision(page: Page) -> None:
    """The first run with a computed step pinned."""
    studio(page)
    page.locator(".strip-row.accelerated .cell.computed:has(+ .reused)").nth(3).click()


def lab(page: Page) -> None:
    """The Codebook Lab with its first recordings."""
    page.get_by_role("tab", name="Codebook Lab").click()
    page.wait_for_timeout(3000)


def compare(page: Page) -> None:
    """The table of methods."""
    page.get_by_role("tab", name="Compare").click()
    page.wait_for_timeout(3000)


def runs(page: Page) -> None:
    """Two runs beside each other."""
    page.get_by_role("tab", name="Runs").click()
    page.wait_for_selector(".panel-runs[data-ready=true]")
    for box in page.locator(".run input").all():
        box.check()
    page.click("#runs-compare")
    page.wait_for_selector(".runs-comparison .viewer[data-playing=true]")


PICTURES = (
    Picture("studio", 1440, 1000, decision),
    Picture("studio-dark", 1440, 1000, studio, "dark"),
    Picture("studio-800", 800, 1300, studio),
    Picture("studio-800-dark", 800, 1300, studio, "dark"),
    Picture("lab", 1440, 1346, lab),
    Picture("compare", 1440, 1130, compare),
    Picture("runs", 1440, 900, runs),
)


def take(browser: Browser, url: str, picture: Picture, out: Path) -> None:
    """Open a page of its own, prepare it, and write the file."""
    size = {"width": picture.width, "height": picture.height}
    scheme = "dark" if picture.theme == "dark" else "light"
    page = browser.new_context(viewport=size, color_scheme=scheme).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(WAIT)
    page.goto(url)
    page.wait_for_selector(".plots[data-ready=true]")
    picture.open(page)
    page.wait_for_timeout(1000)  # transitions end
    page.screenshot(path=out / f"{picture.name}.png")
    page.context.close()


@contextmanager
def served(runs_folder: Path) -> Iterator[str]:
    """The address of app.py over a folder of runs, as long as the context lasts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "app.py", "--port", str(port), "--runs", str(runs_folder)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}/"
    try:
        while server.poll() is None:
            try:
                urlopen(url, timeout=5).close()
                break
            except (URLError, OSError):
                time.sleep(1)
        else:
            raise RuntimeError(f"app.py ended with {server.returncode} before it answered")
        yield url
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    """Generate the runs, take every picture, note the weights they show."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs")
    parser.add_argument("--only", nargs="+", choices=[picture.name for picture in PICTURES])
    options = parser.parse_args()
    chosen = [picture for picture in PICTURES if picture.name in (options.only or [p.name for p in PICTURES])]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        made, asked = Path(folder) / "runs", Path(folder) / "prompts.txt"
        asked.write_text("\n".join(PROMPTS))
        command = [
            sys.executable,
            "-m",
            "app",
            "generate",
            "--prompts",
            str(asked),
            "--motion",
            "--out",
            str(made),
        ]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        with served(made) as url:
            for picture in chosen:
                take(browser, url, picture, options.out)
                print(f"{picture.name}.png", flush=True)
        browser.close()
    if options.only is None and options.out == ROOT / "docs":
        mark(NAME)


if __name__ == "__main__":
    main()
