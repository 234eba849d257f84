"""Videos of runs: whether a stranger's file is one, and the poster that stands for it in a list."""

from contextlib import suppress
from io import BytesIO
from pathlib import Path

import av
from PIL import Image

from app.common.files import atomic_path
from app.runs.run import POSTER, VIDEOS

MAX_SIDE = 4096
MAX_FRAMES = 2000
MAX_PIXELS = 600_000_000  # of all frames: 720p for 20 seconds or so
POSTER_HEIGHT = 96


def check_mp4(path: Path) -> tuple[int, int, int]:
    """Decode a whole video within limits; returns (frames, height, width), a ValueError says what is wrong.

    The demuxer is named, so that no playlist that points at other files or hosts is ever followed.
    """
    try:
        with av.open(str(path), format="mp4") as file:
            if len(file.streams) != 1 or len(file.streams.video) != 1:
                raise ValueError("is not a video of one stream")
            stream = file.streams.video[0]
            height, width = stream.codec_context.height, stream.codec_context.width
            if stream.codec_context.name != "h264":
                raise ValueError(f"is encoded as {stream.codec_context.name}, H.264 is accepted")
            if not (0 < height <= MAX_SIDE and 0 < width <= MAX_SIDE):
                raise ValueError(f"has frames of {width} x {height}, at most {MAX_SIDE} x {MAX_SIDE} are accepted")
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
    """A small picture of the accelerated video's middle frame, made when first asked for; empty without one."""
    path = folder / POSTER
    if path.is_file():
        return path.read_bytes()
    try:
        with av.open(str(folder / VIDEOS["accelerated"]), format="mp4") as file:
            frames = [frame.to_image() for frame in file.decode(video=0)]
    except (av.FFmpegError, OSError):
        frames = []
    if not frames:
        return b""
    image = frames[len(frames) // 2]
    small = image.resize((round(image.width * POSTER_HEIGHT / image.height), POSTER_HEIGHT), Image.Resampling.BOX)
    buffer = BytesIO()
    small.save(buffer, format="WEBP", quality=80)
    with suppress(OSError), atomic_path(path) as temporary:  # a folder that is read-only is listed all the same
        temporary.write_bytes(buffer.getvalue())
    return buffer.getvalue()
