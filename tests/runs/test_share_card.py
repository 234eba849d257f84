"""Share cards: they decode, their strips fill, their settings come back equal, and hostile files are refused."""

import json
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from app.__main__ import main
from app.generation.request import MAX_PROMPT
from app.generation.video import encode_mp4
from app.runs.card_sheet import GAP, MARGIN, VIDEO_WIDTH, WIDTH, CardSheet, filled, fitted, wrapped
from app.runs.colours import BASELINE, GRID, channels
from app.runs.run import Run
from app.runs.share_card import KEY, MAX_FRAMES, MAX_SETTINGS_BYTES, read_card, settings_text, write_card
from tests.runs.conftest import REQUEST

WHITE = np.zeros((2, 64, 64, 3), np.uint8) + 255


def decoded(path: Path) -> list[Image.Image]:
    with av.open(str(path), format="mp4") as file:
        return [frame.to_image() for frame in file.decode(video=0)]


def told(path: Path, comment: str) -> Path:
    """An MP4 with a comment of a stranger's."""
    encode_mp4(path, WHITE, (64, 64), 8, comment)
    return path


def near(pixel: object, colour: str) -> bool:
    return bool(np.abs(np.array(pixel, int) - channels(colour)).max() <= 12)  # what H.264 changes


def test_a_card_shows_both_videos_and_its_strips_fill(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "card.mp4"
    write_card(run, path)
    frames, source = decoded(path), decoded(run.video("baseline"))
    sheet = CardSheet(run, source[0].size[::-1])
    assert len(frames) == len(source)
    assert {frame.size for frame in frames} == {sheet.image.size}
    assert sheet.image.width == WIDTH
    assert sheet.image.height % 2 == 0

    strip = sheet.strips["baseline"]
    assert [len(sheet.strips[side].cells) for side in ("baseline", "accelerated")] == [6, 6]
    middles = [(round((box[0] + box[2]) / 2), round((box[1] + box[3]) / 2)) for box in map(strip.box, range(6))]
    for number, frame in enumerate(frames, start=1):
        done = filled(6, number / len(frames))
        colours = [BASELINE] * done + [GRID] * (6 - done)
        assert all(near(frame.getpixel(at), colour) for at, colour in zip(middles, colours, strict=True))
    assert done == 6

    last = np.asarray(frames[-1], float)
    height, width = sheet.size
    for side, left in (("baseline", MARGIN), ("accelerated", MARGIN + VIDEO_WIDTH + GAP)):
        left += (VIDEO_WIDTH - width) // 2
        own = decoded(run.video(side))[-1].resize((width, height), Image.Resampling.NEAREST)  # type: ignore[arg-type]
        assert np.abs(last[sheet.top : sheet.top + height, left : left + width] - np.asarray(own)).mean() < 6


def test_the_settings_come_back_equal(run: Run, tmp_path: Path) -> None:
    write_card(run, tmp_path / "card.mp4")
    assert read_card(tmp_path / "card.mp4") == run.request


@pytest.mark.parametrize(
    "prompt", ['an ö, a 猫, a 🐈\nand a "quote" \\ ; = #', "\x00" * MAX_PROMPT, "🐈" * MAX_PROMPT]
)
def test_any_prompt_comes_back_equal(prompt: str, tmp_path: Path) -> None:
    request = replace(REQUEST, prompt=prompt)
    assert read_card(told(tmp_path / "card.mp4", settings_text(request))) == request


def test_a_gif_has_all_frames(run: Run, tmp_path: Path) -> None:
    write_card(run, tmp_path / "card.gif")
    with Image.open(tmp_path / "card.gif") as image:
        assert image.width == 800
        assert image.n_frames == len(decoded(run.video("baseline")))  # type: ignore[attr-defined]


REQUESTED = json.dumps(REQUEST.to_json())
INFINITE, LONG = (REQUESTED.replace('"steps": 6', f'"steps": {steps}') for steps in ("1e999", "100000"))
HALF = REQUESTED.replace("a test", "\\ud800")


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("", "holds no settings"),
        ("made with love", "holds no settings"),
        (REQUESTED, "holds no settings"),
        (f'["{KEY}"]', "not a JSON object of a request"),
        (f'{{"{KEY}": {REQUESTED[:-5]}', "not a whole JSON file"),
        (f'{{"{KEY}": null}}', "a request is a JSON object, got nothing"),
        (f'{{"{KEY}": {{"model": "tiny"}}}}', "check "),
        (f'{{"{KEY}": {INFINITE}}}', "1e999"),
        (f'{{"{KEY}": {LONG}}}', "steps must be"),
        (f'{{"{KEY}": {"[" * 20_000}', "nested too deeply"),
        (f'{{"{KEY}": "{"x" * MAX_SETTINGS_BYTES}"}}', "larger than 100000 bytes"),
        (f'{{"{KEY}": {HALF}}}', "lone surrogate"),
    ],
)
def test_hostile_settings_are_refused_in_a_line(comment: str, said: str, tmp_path: Path) -> None:
    refused(told(tmp_path / "hostile.mp4", comment), said)


@pytest.mark.parametrize("data", [b"", b"not a video", b"#EXTM3U\nfile:///etc/passwd\n", bytes(1000)])
def test_what_is_no_mp4_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_bytes(data)
    refused(tmp_path / "x.mp4", "cannot be read as an MP4")


def test_another_encoding_is_refused(tmp_path: Path) -> None:
    path = told(tmp_path / "x.mp4", settings_text(replace(REQUEST, prompt="ö" * 40)))
    path.write_bytes(path.read_bytes().replace("ö".encode(), b"\xff\xfe"))
    refused(path, "not UTF-8")


def test_a_file_too_large_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.runs.share_card.MAX_CARD_BYTES", 1000)
    monkeypatch.setattr("app.runs.share_card.av.open", None)
    (tmp_path / "x.mp4").write_bytes(bytes(1001))
    refused(tmp_path / "x.mp4", "larger than")


def refused(path: Path, said: str) -> None:
    with pytest.raises(ValueError, match=r"(?s).+") as error:
        read_card(path)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) <= 300


def test_long_videos_are_thinned_out(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = len(decoded(run.video("baseline")))
    monkeypatch.setitem(MAX_FRAMES, ".mp4", frames - 1)
    write_card(run, tmp_path / "card.mp4")
    assert len(decoded(tmp_path / "card.mp4")) == -(-frames // 2)


def test_fitted_and_filled_and_wrapped() -> None:
    assert fitted((256, 256)) == (548, 548)
    assert fitted((480, 854)) == (308, 548)
    assert fitted((1280, 720)) == (560, 315)
    assert [filled(30, share) for share in (0, 0.5, 1)] == [0, 15, 30]
    assert filled(1000, 1 / 16) == 62
    assert wrapped("a short one", 28, 1000, 2) == ["a short one"]
    lines = wrapped("word " * 100, 28, 400, 2)
    assert len(lines) == 2
    assert lines[0].startswith("word word")
    assert lines[1].endswith("…")
    assert wrapped("x" * 500, 28, 400, 2)[0].endswith("…")


def test_the_command(run: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    runs = ("--runs", str(run.folder.parent))
    assert main(["runs", "card", run.id, "--out", str(tmp_path / "new" / "card.mp4"), *runs]) == 0
    assert read_card(tmp_path / "new" / "card.mp4") == run.request
    assert exit_code(["runs", "card", run.id, "--out", str(tmp_path / "card.avi"), *runs]) == 2
    (line,) = capfd.readouterr().err.strip().splitlines()
    assert "ends in .mp4 or .gif, got card.avi" in line
    assert not (tmp_path / "card.avi").exists()


def exit_code(arguments: list[str]) -> int:
    try:
        return main(arguments)
    except SystemExit as end:
        return int(end.code or 0)
