"""Colours of written videos: what Chromium shows is what was written, at every number of rows."""

from base64 import b64encode
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser

from app.generation.video import write_mp4

COLOURS = (
    (255, 0, 0),
    (0, 255, 0),
    (0, 0, 255),
    (200, 30, 60),
    (20, 90, 160),
    (230, 180, 140),
    (128, 128, 128),
    (16, 240, 16),
)
PATCH = 160  # columns of one flat colour
LEVELS = 3


@pytest.mark.parametrize("rows", [256, 480, 720])
def test_flat_colours_come_back_from_chromium(rows: int, browser: Browser, tmp_path: Path) -> None:
    frame = np.repeat(np.array(COLOURS, np.uint8), PATCH, axis=0)[None].repeat(rows, axis=0)
    path = tmp_path / "colours.mp4"
    write_mp4(path, frame[None].repeat(3, axis=0), 8)
    page = browser.new_page(viewport={"width": len(COLOURS) * PATCH, "height": rows})
    video = b64encode(path.read_bytes()).decode()
    page.set_content(f"<body style='margin:0'><video muted src='data:video/mp4;base64,{video}'></video>")
    page.evaluate(
        """async () => {
          const video = document.querySelector("video");
          const drawn = new Promise((shown) => video.requestVideoFrameCallback(shown));
          await video.play();
          await drawn;
        }"""
    )
    screen = np.asarray(Image.open(BytesIO(page.screenshot())).convert("RGB")).astype(int)
    canvas = page.evaluate(
        """(at) => {
          const video = document.querySelector("video");
          const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight).getContext("2d");
          canvas.drawImage(video, 0, 0);
          return at.map(([x, y]) => [...canvas.getImageData(x, y, 1, 1).data].slice(0, 3));
        }""",
        [[PATCH * i + PATCH // 2, rows // 2] for i in range(len(COLOURS))],
    )
    page.close()
    for number, written in enumerate(COLOURS):
        shown = screen[rows // 2, PATCH * number + PATCH // 2]
        assert np.abs(shown - written).max() <= LEVELS, (rows, written, shown)
        assert np.abs(np.array(canvas[number]) - written).max() <= LEVELS, (rows, written, canvas[number])
