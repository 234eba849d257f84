"""Sizes are upstream's, and errors name what is accepted."""

import pytest

from app.models.open_sora.card import CARD
from app.models.open_sora.sizes import PAPER_SIZE, SIZES, check_size
from app.models.open_sora.vae import VAEConfig
from app.models.size import Size


def test_the_papers_size_is_upstreams_480p():
    assert SIZES.size("480p", "9:16", "2s") == PAPER_SIZE == Size(CARD.height, CARD.width, CARD.frames)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (("720p", "9:16", "4s"), (720, 1280, 102)),
        (("240p", "16:9", 17), (426, 240, 17)),
        (("144p", "1:1", 1), (192, 192, 1)),
        (("480p", "4:3", "16s"), (740, 555, 408)),
        (("1080p", "9:16", "image"), (1080, 1920, 1)),
        (("256", "1.0", "2s"), (256, 256, 51)),
        (("1024", "0.57", 17), (768, 1344, 17)),
        (("2048", "9:16", 1), (1536, 2688, 1)),  # the closest: 0.57
        (("512", "1:1", "2s"), (512, 512, 51)),
        (("2880", "16:9", 1), (3840, 2112, 1)),
    ],
)
def test_table(request_: tuple[str, str, str | int], expected: tuple[int, int, int]):
    assert SIZES.size(*request_) == Size(*expected)


def test_every_entry_is_near_its_resolutions_area():
    assert set(SIZES.resolutions) >= {"256", "512", "1024", "2048", "2880"}
    for name, ratios in SIZES.resolutions.items():
        height, width = ratios["9:16"] if "9:16" in ratios else ratios["1.0"]
        for ratio, size in ratios.items():
            if "9:16" in ratios:
                assert size[0] * size[1] == pytest.approx(height * width, rel=0.02)
            else:  # of PixArt, in steps of an eighth of the square's side
                assert size[0] * size[1] == pytest.approx(height * width, rel=0.13)
                assert size[0] / size[1] == pytest.approx(float(ratio), abs=0.1), (name, ratio)


@pytest.mark.parametrize(
    ("request_", "named"),
    [
        (("500p", "9:16", "2s"), "resolution must be one of 144p, .*4k, got '500p'"),
        (("480p", "5:4", "2s"), r"aspect ratio \(height:width\) must be one of 3:8, .*, got '5:4'"),
        (("480p", "9:16", "3s"), "length must be one of image, 2s, .*16x, got '3s'"),
        (("480p", "9:16", 50), "frames must be 1 or a multiple of 17 up to 816, got 50"),
        (("480p", "9:16", 833), "up to 816, got 833"),
        (("480p", "9:16", 0), "got 0"),
    ],
)
def test_errors_name_what_is_accepted(request_: tuple[str, str, str | int], named: str):
    with pytest.raises(ValueError, match=named):
        SIZES.size(*request_)


def test_a_side_too_small_is_refused():
    with pytest.raises(ValueError, match="height must be at least 64 pixels, got 32"):
        check_size(Size(32, 100, 17))


@pytest.mark.parametrize(("frames", "latent_frames"), [(1, 1), (2, 1), (17, 5), (21, 6), (51, 15), (102, 30)])
def test_latent_frames(frames: int, latent_frames: int):
    assert VAEConfig().latent_shape(frames, 480, 854) == (4, latent_frames, 60, 106)
