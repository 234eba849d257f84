"""PSNR: peak signal-to-noise ratio, the mean square error of pixels on a logarithmic scale."""

import numpy as np

from app.metrics.registry import Metric, register
from app.models.base import Frames

EQUAL_FRAMES_DB = 100.0


def psnr(reference: Frames, video: Frames) -> float:
    """PSNR in dB: per frame on [0, 1], mean over frames.

    Both are (frames, height, width, 3).
    """
    return float(frame_psnr(reference, video).mean())


def frame_psnr(reference: Frames, video: Frames) -> np.ndarray:
    """(frames,), the PSNR of each in dB.

    100 dB is the most: of a frame without any error, or with one so small that nothing else is between the two.
    """
    if reference.shape != video.shape:
        raise ValueError(f"videos of the same shape are needed, got {reference.shape} and {video.shape}")
    mean_square = _frame_errors(reference, video)
    per_frame = np.full(len(mean_square), EQUAL_FRAMES_DB)
    differing = mean_square > 0
    per_frame[differing] = np.minimum(-10 * np.log10(mean_square[differing]), EQUAL_FRAMES_DB)
    return per_frame


def mean_square_error(reference: Frames, video: Frames) -> float:
    """Mean square error of pixels on [0, 1], over all frames."""
    return float(_frame_errors(reference, video).mean())


def _frame_errors(reference: Frames, video: Frames) -> np.ndarray:
    """(frames,), the mean square error of each."""
    error = reference.astype(np.float64) - video.astype(np.float64)
    return np.asarray((error**2).mean(axis=(1, 2, 3)) / 255**2)


PSNR = register(
    Metric(
        id="psnr",
        title="PSNR",
        unit="dB",
        digits=2,
        better="higher",
        description="How large the pixels' errors are: 10 dB more is a tenth of the mean square error.",
        source="per frame on 8-bit RGB, mean over frames",
        function=psnr,
        order=1,
    )
)
