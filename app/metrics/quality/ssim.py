"""SSIM: structural similarity, likeness of local means, contrasts and structure."""

import numpy as np
from numpy.typing import NDArray

from app.metrics.registry import Metric, register
from app.models.base import Frames

WINDOW, SIGMA = 11, 1.5  # pixels of the Gaussian
C1, C2 = 0.01**2, 0.03**2  # on values in [0, 1]


def ssim(reference: Frames, video: Frames) -> float:
    """Structural similarity of Wang et al. 2004; 1 for equal videos.

    Both are (frames, height, width, 3). Means, variances and covariance under a Gaussian window of 11 pixels,
    where it lies wholly inside the frame; mean over places, channels and frames.
    """
    if reference.shape != video.shape:
        raise ValueError(f"videos of the same shape are needed, got {reference.shape} and {video.shape}")
    if min(reference.shape[1:3]) < WINDOW:
        raise ValueError(f"SSIM needs frames of at least {WINDOW} x {WINDOW} pixels, got {reference.shape[1:3]}")
    return float(np.mean([_frame_ssim(a / 255, b / 255) for a, b in zip(reference, video, strict=True)]))


def _frame_ssim(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """SSIM of two frames (height, width, 3) on [0, 1]."""
    mean_x, mean_y = _blur(x), _blur(y)
    variance_x, variance_y = _blur(x * x) - mean_x**2, _blur(y * y) - mean_y**2
    covariance = _blur(x * y) - mean_x * mean_y
    likeness = (2 * mean_x * mean_y + C1) * (2 * covariance + C2)
    return float((likeness / ((mean_x**2 + mean_y**2 + C1) * (variance_x + variance_y + C2))).mean())


def _blur(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gaussian means of (height, width, 3), one a place of the window: (height - 10, width - 10, 3)."""
    offsets = np.arange(WINDOW) - WINDOW // 2
    weights = np.exp(-(offsets**2) / (2 * SIGMA**2))
    weights /= weights.sum()
    for axis in (0, 1):
        size = x.shape[axis] - WINDOW + 1
        x = np.sum([w * x.take(range(i, i + size), axis) for i, w in enumerate(weights)], axis=0)
    return x


SSIM = register(
    Metric(
        id="ssim",
        title="SSIM",
        unit="",
        digits=4,
        better="higher",
        description="How alike local brightness, contrast and structure are; 1 for equal videos.",
        source="Wang et al. 2004, Gaussian window of 11 pixels",
        function=ssim,
        order=2,
        smallest_side=WINDOW,
    )
)
