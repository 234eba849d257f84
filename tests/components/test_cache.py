"""The cache of files for browsers: emptied by age, with its server, and after servers that were killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.common.paths import ROOT
from components.runs.answers import Answers
from components.shared.cache import KEPT_SECONDS, PREFIX, own_cache, remove_dead, size, sweep
from tests.runs.conftest import made, run, store  # noqa: F401  # a run to export

DEAD = 4194999  # beyond the highest process number
SERVER = """
import signal, sys, time
from pathlib import Path
sys.argv = ["app.py"]
from components.shared.cache import own_cache
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
with own_cache(Path(PARENT)) as folder:
    (folder / "video.mp4").write_bytes(b"x" * 1000)
    print(folder, flush=True)
    time.sleep(600)
"""


def test_files_go_by_the_time_they_came_here(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    old = tmp_path / "a" / "copied.mp4"
    old.write_bytes(b"x" * 10)
    os.utime(old, (0, 0))  # a copy of an old run
    assert size(tmp_path) == 10
    sweep(tmp_path, time.time())
    assert old.exists()
    sweep(tmp_path, time.time() + KEPT_SECONDS + 1)
    assert list(tmp_path.iterdir()) == []


def test_the_cache_of_a_dead_server_goes_and_that_of_a_living_one_stays(tmp_path: Path) -> None:
    parent = os.getppid()
    for name in (f"{PREFIX}{DEAD}", f"{PREFIX}{parent}", "something-else"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("x")
    remove_dead(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([f"{PREFIX}{parent}", "something-else"])


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_that_ends_takes_its_cache_along_at_the_latest_when_the_next_begins(
    tmp_path: Path, end: signal.Signals
) -> None:
    code = SERVER.replace("PARENT", repr(str(tmp_path)))
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        folder = Path(server.stdout.readline().strip())
        assert size(folder) == 1000
        server.send_signal(end)
        server.wait(60)
    if end == signal.SIGKILL:
        remove_dead(tmp_path)
    assert not folder.exists()


def test_an_import_removes_only_what_its_visitor_sent(
    run: object,  # noqa: F811
    store: object,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    ada, answers = "a" * 32, Answers(store, {})  # type: ignore[arg-type]
    mine, others = tmp_path / f"{ada}.zip", tmp_path / "others.mp4"
    for path in (mine, others):
        path.write_bytes(b"no zip")
        with pytest.raises(ValueError, match=r"not a whole zip|cannot be read as an MP4"):
            answers.imported({"path": str(path), "visitor": ada})
    assert not mine.exists()
    assert others.exists()


def test_the_folder_is_gradios_while_the_server_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRADIO_TEMP_DIR", raising=False)
    with own_cache(tmp_path) as folder:
        assert os.environ["GRADIO_TEMP_DIR"] == str(folder)
    assert not folder.exists()
    assert "GRADIO_TEMP_DIR" not in os.environ
