"""LPIPS against the figures upstream prints for its pictures, by order on distortions, and its conversion."""

import pickle
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from app.metrics.quality.lpips import SMALLEST_SIDE, lpips
from app.metrics.registry import measure, metrics
from app.training.lpips import convert

DATA = Path(__file__).parent / "data"


def picture(name: str) -> np.ndarray:
    """(1, 64, 64, 3)."""
    return np.asarray(Image.open(DATA / f"lpips_{name}.png").convert("RGB"))[None]


def test_the_example_pictures_of_the_authors():
    reference = picture("ref")
    assert lpips(reference, picture("p0")) == pytest.approx(0.7219, abs=1e-3)
    assert lpips(reference, picture("p1")) == pytest.approx(0.1376, abs=1e-3)
    assert lpips(reference, reference) == 0


def test_frames_are_measured_one_by_one():
    reference, one, other = picture("ref"), picture("p0"), picture("p1")
    both = lpips(np.concatenate([reference, reference]), np.concatenate([one, other]))
    assert both == pytest.approx((lpips(reference, one) + lpips(reference, other)) / 2, rel=1e-5)


def test_more_distortion_is_further_away():
    source = Image.fromarray(picture("ref")[0])
    reference = np.asarray(source)[None]
    random = np.random.default_rng(0)
    noise = random.normal(size=reference.shape)

    def blurred(radius: float) -> np.ndarray:
        return np.asarray(source.filter(ImageFilter.GaussianBlur(radius)))[None]

    def noisy(deviation: float) -> np.ndarray:
        return np.clip(reference + deviation * noise, 0, 255).astype(np.uint8)

    for distorted in ([blurred(r) for r in (0.5, 1, 2, 4)], [noisy(d) for d in (2, 8, 24, 64)]):
        distances = [lpips(reference, video) for video in distorted]
        assert distances == sorted(distances)
        assert distances[0] > 0
    assert lpips(reference, blurred(2)) == pytest.approx(lpips(blurred(2), reference), rel=1e-4)


def test_small_frames_have_none_and_say_why():
    small = np.zeros((2, SMALLEST_SIDE - 1, 64, 3), np.uint8)
    assert measure(small, small)["lpips"] is None
    assert measure(small, small)["ssim"] == 1
    refusal = metrics()["lpips"].refusal(*small.shape[1:3])
    assert refusal == "LPIPS needs frames of at least 32 x 32 pixels, got 31 x 64"
    large = np.zeros((1, SMALLEST_SIDE, SMALLEST_SIDE, 3), np.uint8)
    assert measure(large, large)["lpips"] == 0


def test_the_conversion_runs_nothing_and_takes_only_the_known_file(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(ValueError, match=r"SHA-256 is .*, expected 443c5bc"):
        convert(b"another file")
    harmful = pickle.dumps(eval)
    monkeypatch.setattr("app.training.lpips.SHA256", sha256(harmful).hexdigest())
    with pytest.raises(ValueError, match=r"names builtins.eval; only numpy arrays are read"):
        convert(harmful)
