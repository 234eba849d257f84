"""Presets: the released script's settings, as its two shell scripts have them (run_sample_image.sh, _video.sh)."""

from app.caching.codebook import load_codebook
from app.generation.presets import PRESETS
from app.models.size import Size


def test_the_released_script() -> None:
    first, video = (PRESETS[id].request("a fox") for id in ("released-first-frame", "released-video"))
    assert (first.size, video.size) == (Size(1080, 1920, 1), Size(720, 1280, 51))
    for request in (first, video):
        assert (request.model, request.seed, request.steps, request.guidance) == ("open-sora-1.2", 1024, 100, 7.0)
        assert request.adacache is not None
        assert request.adacache.codebook == load_codebook("fast-100")
        assert request.adacache.motion is None
    assert video.settings().given == {"aesthetic": 7.0, "motion_score": 5.0}
    assert first.settings().given == {}  # the caption then states 6.5
    assert [PRESETS[id].starts_from_image for id in PRESETS] == [False, True]
