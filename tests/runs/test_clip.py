"""Posters: the middle frame only, whatever a file of few bytes holds."""

import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from app.common.paths import ROOT
from app.generation.video import write_mp4
from app.runs.clip import poster

FRAMES, HEIGHT, WIDTH = 90, 1088, 1920
MEASURED = """
import resource, sys
from pathlib import Path
from app.runs.clip import poster
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert poster(Path(sys.argv[1]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A video that gets brighter, black on its left half."""
    frames = np.zeros((9, 256, 512, 3), np.uint8)
    for number, frame in enumerate(frames):
        frame[:, 256:] = 25 * number
    write_mp4(tmp_path / "accelerated.mp4", frames, 8.0)
    return tmp_path


def test_the_poster_is_the_middle_frame_and_small(folder: Path) -> None:
    data = poster(folder)
    assert (folder / "poster.webp").read_bytes() == data
    with Image.open(folder / "poster.webp") as image:
        assert image.size == (192, 96)
        assert image.getpixel((150, 48))[0] == pytest.approx(100, abs=8)  # type: ignore[index]
        assert image.getpixel((40, 48))[0] == pytest.approx(0, abs=8)  # type: ignore[index]


def test_a_broken_video_has_no_poster_and_is_not_decoded_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "accelerated.mp4").write_bytes(b"no video")
    assert poster(folder) == b""
    monkeypatch.setattr(av, "open", lambda *_, **__: pytest.fail("decoded again"))
    assert poster(folder) == b""


def test_a_poster_of_many_large_frames_takes_the_memory_of_few(tmp_path: Path) -> None:
    frames = np.zeros((1, HEIGHT, WIDTH, 3), np.uint8)
    write_mp4(tmp_path / "accelerated.mp4", np.broadcast_to(frames, (FRAMES, *frames.shape[1:])), 8.0)
    assert (tmp_path / "accelerated.mp4").stat().st_size < 100_000
    command = [sys.executable, "-c", MEASURED, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    held = int(done.stdout) * 1024
    assert held < FRAMES * HEIGHT * WIDTH * 3 / 2  # all of them would be twice that, and were
