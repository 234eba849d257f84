"""Video files and live previews: frames in, H.264 or animated WebP out."""

from io import BytesIO
from pathlib import Path

import imageio.v3 as iio
import numpy as np
from PIL import Image

from app.files import atomic_path
from app.models.video_model import Frames

SMALLEST_SIDE = 256  # smaller videos are enlarged: 4:2:0 chroma would smear them, and players show a stamp
# Without macroblock trees x264 gives the same file for the same frames; with them it varies from run to run.
ENCODING = {"crf": "16", "x264-params": "mbtree=0"}


def write_mp4(path: Path, frames: Frames, fps: float) -> None:
    """Write (frames, height, width, 3) as H.264, playable in every browser; atomic.

    The same frames give the same file.
    """
    faststart = {"movflags": "+faststart"}
    with (
        atomic_path(path) as temporary,
        iio.imopen(temporary, "w", plugin="pyav", extension=".mp4", container_options=faststart) as file,  # type: ignore[call-overload]
    ):
        file.init_video_stream("libx264", fps=fps, pixel_format="yuv420p")
        file._video_stream.options = ENCODING  # imageio has no argument for them
        for frame in enlarge(frames):
            file.write_frame(frame)


def preview_webp(frames: Frames, fps: float) -> bytes:
    """An animated WebP of a few kilobytes for the live page."""
    images = [Image.fromarray(frame) for frame in frames]
    buffer = BytesIO()
    images[0].save(
        buffer,
        format="WEBP",
        save_all=True,
        append_images=images[1:],
        duration=round(1000 / fps),
        loop=0,
        quality=60,
        method=0,
    )
    return buffer.getvalue()


def enlarge(frames: Frames) -> Frames:
    """Repeat pixels until the shorter side has at least 256 of them."""
    factor = -(-SMALLEST_SIDE // min(frames.shape[1:3]))
    return frames.repeat(factor, axis=1).repeat(factor, axis=2) if factor > 1 else np.ascontiguousarray(frames)
