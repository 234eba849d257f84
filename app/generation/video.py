"""Video files and live previews: frames in, H.264 or animated WebP out."""

from collections.abc import Iterable
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from PIL import Image

from app.common.files import atomic_path
from app.models.base import Frames

SMALLEST_SIDE = 256  # smaller videos are enlarged: 4:2:0 chroma would smear them, and players show a stamp
# Without macroblock trees x264 gives the same file for the same frames; with them it varies from run to run.
ENCODING = {"crf": "16", "x264-params": "mbtree=0"}
FASTSTART = {"movflags": "+faststart"}
MAX_DENOMINATOR = 65535  # of the frame rate, as MP4 holds it


def write_mp4(path: Path, frames: Frames, fps: float) -> None:
    """Write (frames, height, width, 3) as H.264, enlarged where they are small; atomic."""
    frames = enlarge(frames)
    encode_mp4(path, frames, frames.shape[1:3], fps)


def extend_mp4(path: Path, earlier: Path, frames: Frames, fps: float) -> int:
    """Write frames behind an earlier video that `write_mp4` or this wrote, as it is; returns its frames. Atomic.

    Its packets are copied, so that nothing is encoded a second time, however often a clip is extended.
    """
    write_mp4(path, frames, fps)
    with (
        atomic_path(path) as temporary,
        av.open(str(earlier)) as first,
        av.open(str(path)) as second,
        av.open(str(temporary), "w", format="mp4", options=FASTSTART) as file,
    ):
        before, after = first.streams.video[0], second.streams.video[0]
        if before.codec_context.extradata != after.codec_context.extradata:
            raise ValueError("the earlier clip was encoded otherwise than this version does, and cannot be joined")
        stream = file.add_stream_from_template(before)
        offset = 0
        for part in (first, second):
            length = 0
            for packet in part.demux(video=0):
                if packet.pts is not None and packet.dts is not None:  # the last one is empty
                    length += packet.duration or 0
                    packet.pts, packet.dts = packet.pts + offset, packet.dts + offset
                    packet.stream = stream
                    file.mux(packet)
            offset += length
        return before.frames


def encode_mp4(
    path: Path, frames: Iterable[np.ndarray], size: tuple[int, int], fps: float, comment: str = ""
) -> None:
    """Write frames of a size (height, width), one after the other, as H.264 for every browser; atomic.

    The same frames give the same file. Its colours are tagged: a browser takes an untagged video for BT.601 below
    720 rows and for BT.709 from there on. The matrix is BT.601's at every size, because Chromium without a GPU
    holds the largest coefficient of BT.709's only up to 2 and dims saturated blue by 12 of 255 levels.
    """
    with atomic_path(path) as temporary, av.open(str(temporary), "w", format="mp4", options=FASTSTART) as file:
        if comment:
            file.metadata["comment"] = comment
        stream = file.add_stream("libx264", Fraction(fps).limit_denominator(MAX_DENOMINATOR), options=ENCODING)
        stream.height, stream.width = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.colorspace = Colorspace.ITU601
        stream.codec_context.color_primaries = ColorPrimaries.BT709
        stream.codec_context.color_trc = ColorTrc.IEC61966_2_1
        stream.codec_context.color_range = ColorRange.MPEG
        for pixels in frames:
            rgb = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            yuv = rgb.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU601, dst_color_range=ColorRange.MPEG)
            file.mux(stream.encode(yuv))
        file.mux(stream.encode())


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
