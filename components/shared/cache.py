"""Cache of files that browsers fetch and send: a folder of this process alone, emptied by age and with the server.

gradio removes only what its own components wrote, and nothing of a server that was killed.
"""

import logging
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from threading import Event, Thread

from app.common.files import process_alive

VARIABLE = "GRADIO_TEMP_DIR"
PREFIX = "adacache-cache-"
KEPT_SECONDS = 3600.0
SWEEP_SECONDS = 60.0
MAX_BYTES = 8_000_000_000  # beyond it no upload is taken
log = logging.getLogger(__name__)


@contextmanager
def own_cache(parent: Path | None = None) -> Iterator[Path]:
    """A cache folder for this process while the block runs; those of servers that are no more go at once."""
    parent = parent or Path(os.environ.get(VARIABLE) or tempfile.gettempdir())
    parent.mkdir(parents=True, exist_ok=True)
    remove_dead(parent)
    folder = parent / f"{PREFIX}{os.getpid()}"
    folder.mkdir(exist_ok=True)
    before, os.environ[VARIABLE] = os.environ.get(VARIABLE), str(folder)
    ended = Event()
    Thread(target=_keep_sweeping, args=(folder, ended), daemon=True).start()
    try:
        yield folder
    finally:
        ended.set()
        rmtree(folder, ignore_errors=True)
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before


def remove_dead(parent: Path) -> None:
    """Remove the caches of processes that have ended."""
    for folder in parent.glob(f"{PREFIX}*"):
        pid = folder.name.removeprefix(PREFIX)
        if pid.isdecimal() and (int(pid) == os.getpid() or not process_alive(int(pid))):
            rmtree(folder, ignore_errors=True)


def sweep(folder: Path, now: float, age: float = KEPT_SECONDS) -> None:
    """Remove files that have lain here for longer than `age` seconds, and the folders they leave empty.

    What counts is when a file came here: a copy keeps the date at which its content was written.
    """
    for path in sorted(folder.rglob("*"), reverse=True):  # what is inside before what is around it
        with suppress(OSError):  # in use, not empty, or gone meanwhile
            if path.is_dir():
                path.rmdir() if now - path.stat().st_ctime > SWEEP_SECONDS else None
            elif now - path.stat().st_ctime > age:
                path.unlink()


def size(folder: Path) -> int:
    """Bytes of all files in a folder."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            total += path.stat().st_size if path.is_file() else 0
    return total


def _keep_sweeping(folder: Path, ended: Event) -> None:
    while not ended.wait(SWEEP_SECONDS):
        try:
            sweep(folder, time.time())
        except OSError as error:
            log.warning("the cache cannot be swept: %s", error.strerror)
