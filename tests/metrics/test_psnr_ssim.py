"""PSNR and SSIM against figures worked out by hand and against the definition written as loops."""

import numpy as np
import pytest

from app.metrics.quality.psnr import frame_psnr, mean_square_error, psnr
from app.metrics.quality.ssim import C1, C2, SIGMA, WINDOW, ssim


def flat(value: int) -> np.ndarray:
    return np.full((2, 12, 13, 3), value, np.uint8)


def test_equal_videos_and_flat_ones_by_hand():
    assert ssim(flat(40), flat(40)) == pytest.approx(1.0)
    x, y = 100 / 255, 150 / 255
    # Without any variance only the comparison of the means is left.
    assert ssim(flat(100), flat(150)) == pytest.approx((2 * x * y + C1) / (x**2 + y**2 + C1))
    assert psnr(flat(100), flat(151)) == pytest.approx(-10 * np.log10((51 / 255) ** 2))


def test_no_error_is_larger_than_none():
    one = np.zeros((2, 480, 848, 3), np.uint8)
    other = one.copy()
    other[0, 0, 0, 0] = 1  # 109 dB, were there no limit
    assert frame_psnr(one, other).tolist() == [100.0, 100.0]
    other[0] = 1
    assert frame_psnr(one, other).tolist() == pytest.approx([48.13, 100.0], abs=0.01)


def test_the_definition_as_loops():
    random = np.random.default_rng(0)
    one = random.integers(0, 256, (1, 12, 11, 3), dtype=np.uint8)
    other = np.clip(one.astype(int) + random.integers(-30, 31, one.shape), 0, 255).astype(np.uint8)
    offsets = range(-(WINDOW // 2), WINDOW // 2 + 1)
    weights = np.array([[np.exp(-(i * i + j * j) / (2 * SIGMA**2)) for j in offsets] for i in offsets])
    weights /= weights.sum()
    values = []
    for row in range(2):
        for channel in range(3):
            x = one[0, row : row + WINDOW, :, channel] / 255
            y = other[0, row : row + WINDOW, :, channel] / 255
            mx, my = (weights * x).sum(), (weights * y).sum()
            vx, vy = (weights * (x - mx) ** 2).sum(), (weights * (y - my) ** 2).sum()
            both = (weights * (x - mx) * (y - my)).sum()
            values.append((2 * mx * my + C1) * (2 * both + C2) / ((mx**2 + my**2 + C1) * (vx + vy + C2)))
    assert ssim(one, other) == pytest.approx(np.mean(values), rel=1e-9)


def test_what_cannot_be_compared_is_said():
    with pytest.raises(ValueError, match="at least 11 x 11 pixels"):
        ssim(flat(1)[:, :10], flat(1)[:, :10])
    with pytest.raises(ValueError, match="same shape"):
        ssim(flat(1), flat(1)[:1])


def test_the_psnr_of_each_frame_and_their_mean():
    video = flat(100).copy()
    video[1] = 151
    assert frame_psnr(flat(100), video) == pytest.approx([100, -10 * np.log10(0.04)])
    assert psnr(flat(100), video) == pytest.approx((100 - 10 * np.log10(0.04)) / 2)


def test_the_mean_square_error_by_hand():
    assert mean_square_error(flat(100), flat(151)) == pytest.approx(0.04)  # 51 of 255 is a fifth
    assert mean_square_error(flat(7), flat(7)) == 0
