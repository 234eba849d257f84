"""Condition images: what is read of a stranger's file, what is refused, and how one is fitted to a video."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.models import condition_image
from app.models.condition_image import MAX_BYTES, ConditionImage

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def bands(*colours: tuple[int, int, int], height: int = 40, width: int = 30) -> Image.Image:
    """Upright bands of equal width."""
    row = np.repeat(np.array(colours, dtype=np.uint8), width, axis=0)
    return Image.fromarray(np.broadcast_to(row, (height, *row.shape)).copy())


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def test_the_same_pixels_are_the_same_image_in_whatever_file() -> None:
    picture = bands(RED, GREEN)
    png = ConditionImage.read(encoded(picture))
    webp = ConditionImage.read(encoded(picture, "WEBP", lossless=True))
    assert png.id == webp.id == ConditionImage.read(png.png()).id
    assert png.id != ConditionImage.read(encoded(picture.transpose(Image.Transpose.ROTATE_90))).id
    assert ConditionImage.read_kept(png.png(), png.id).id == png.id
    with pytest.raises(ValueError, match="the image kept here is another one"):
        ConditionImage.read_kept(png.png(), "0" * 64)


def test_it_is_turned_as_its_exif_says_and_keeps_no_metadata() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned by a quarter to the right
    exif[0x010E] = "where I live"
    image = ConditionImage.read(encoded(bands(RED, BLUE), "JPEG", exif=exif, quality=95))
    assert image.pixels.shape == (60, 40, 3)
    assert image.pixels[0].mean(axis=0) == pytest.approx(RED, abs=3)
    assert image.pixels[-1].mean(axis=0) == pytest.approx(BLUE, abs=3)
    assert b"where I live" not in image.png() + image.thumbnail()


def test_it_fills_the_video_and_its_middle_is_cut_out() -> None:
    wide = ConditionImage.read(encoded(bands(RED, GREEN, BLUE)))  # 90 x 40
    fitted = wide.fitted(80, 60)  # twice as large, and a third of it
    assert fitted.shape == (80, 60, 3)
    np.testing.assert_array_equal(fitted[:, 8:-8], np.broadcast_to(np.array(GREEN), (80, 44, 3)))
    assert fitted[0, 0, 0] > 30  # at its edge it begins to be red
    assert fitted[0, -1, 2] > 30
    high = ConditionImage(np.ascontiguousarray(wide.pixels.transpose(1, 0, 2)))
    np.testing.assert_array_equal(high.fitted(60, 80), fitted.transpose(1, 0, 2))
    np.testing.assert_array_equal(wide.fitted(40, 90), wide.pixels)
    assert wide.fitted(7, 99).shape == (7, 99, 3)


def test_a_very_large_one_is_reduced_and_a_small_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(condition_image, "MAX_SIDE", 60)
    assert ConditionImage.read(encoded(bands(RED, GREEN, BLUE, BLUE))).pixels.shape == (20, 60, 3)
    assert ConditionImage.read(encoded(bands(RED))).pixels.shape == (40, 30, 3)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the image cannot be read; a whole PNG, JPEG or WebP file is accepted"),
        (b"<svg onload=alert(1)>", "the image cannot be read"),
        (encoded(bands(RED, GREEN))[:60], "the image cannot be read"),
        (encoded(bands(RED), "GIF"), "the image cannot be read"),
        (encoded(Image.new("1", (8000, 7000))), "the image has 8000 x 7000 pixels; at most 50 million are read"),
        (encoded(Image.new("1", (20000, 20000))), "the image cannot be read"),  # a decompression bomb to PIL
        (encoded(Image.new("I;16", (4, 4))), "the image has more than 8 bits a colour; save it with 8"),
        (b"\x89PNG" + bytes(MAX_BYTES), "the image is larger than 20 MB"),
    ],
)
def test_what_is_no_image_is_refused_in_one_line(data: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]{10,120}$") as refused:
        ConditionImage.read(data)
    assert str(refused.value).startswith(said)
