"""Videos of runs: whether a stranger's file is one, and the poster that stands for it in a list."""

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from itertools import islice
from pathlib import Path
from threading import Lock

import av

from app.common.files import atomic_path
from app.runs.run import POSTER, VIDEOS

MAX_SIDE = 4096
MAX_FRAMES = 2000
MAX_PIXELS = 600_000_000  # of all frames: 720p for 20 seconds or so
POSTER_HEIGHT, MAX_POSTER_WIDTH = 96, 400
_one_at_a_time, _checking = Lock(), Lock()  # of posters, and of strangers' videos


def check_mp4(path: Path) -> tuple[int, int, int]:
    """Decode a whole video within limits; returns (frames, height, width), a ValueError says what is wrong.

    The demuxer is named, so that no playlist that points at other files or hosts is ever followed.
    """
    try:
        with _checking, av.open(str(path), format="mp4") as file:
            if len(file.streams) != 1 or len(file.streams.video) != 1:
                raise ValueError("is not a video of one stream")
            stream = file.streams.video[0]
            height, width = stream.codec_context.height, stream.codec_context.width
            if stream.codec_context.name != "h264":
                raise ValueError(f"is encoded as {stream.codec_context.name}, H.264 is accepted")
            _check_shape(height, width)
            frames = 0
            for frame in file.decode(stream):
                frames += 1
                if (frame.height, frame.width) != (height, width):
                    raise ValueError("changes its size")
                if frames > MAX_FRAMES or frames * height * width > MAX_PIXELS:
                    raise ValueError(f"is too long: more than {frames - 1} frames of {width} x {height}")
    except av.FFmpegError as error:
        raise ValueError(f"cannot be decoded: {error.strerror}") from None
    if not frames:
        raise ValueError("has no frames")
    return frames, height, width


def poster(folder: Path) -> bytes:
    """A small picture of the accelerated video's middle frame, made when first asked for; empty without one.

    One is made at a time, and of one frame only: a file of kilobytes can hold gigabytes of pixels.
    """
    path = folder / POSTER
    with _one_at_a_time:
        if path.is_file():
            return path.read_bytes()
        try:
            data = _small(folder / VIDEOS["accelerated"])
        except (av.FFmpegError, OSError, ValueError):
            data = b""  # kept as well, so that a broken video is not decoded again for every listing
        with suppress(OSError), atomic_path(path) as temporary:  # a read-only folder is listed all the same
            temporary.write_bytes(data)
        return data


def _small(path: Path) -> bytes:
    """The middle frame as WebP of POSTER_HEIGHT rows; a ValueError for a video without one."""
    with av.open(str(path), format="mp4") as file:
        stream = file.streams.video[0]
        _check_shape(stream.codec_context.height, stream.codec_context.width)
        middle = min(stream.frames, MAX_FRAMES) // 2  # as the file states it; one that lies has another poster
        frame = last_of(islice(file.decode(stream), middle + 1))
        width = max(1, round(frame.width * POSTER_HEIGHT / frame.height))
        image = frame.reformat(min(width, MAX_POSTER_WIDTH), POSTER_HEIGHT, interpolation="AREA").to_image()
    buffer = BytesIO()
    image.save(buffer, format="WEBP", quality=80)
    return buffer.getvalue()


def last_of(frames: Iterator[av.VideoFrame]) -> av.VideoFrame:
    """The last frame, none of the others being kept; a ValueError where there is none."""
    last = deque(frames, maxlen=1)
    if not last:
        raise ValueError("has no frames")
    return last[0]


def _check_shape(height: int, width: int) -> None:
    if not (0 < height <= MAX_SIDE and 0 < width <= MAX_SIDE):
        raise ValueError(f"has frames of {width} x {height}, at most {MAX_SIDE} x {MAX_SIDE} are accepted")
