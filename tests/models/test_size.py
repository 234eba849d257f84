"""The size of a video as part of a request: names and pixels, JSON old and new, controls, and who refuses what."""

import json
from dataclasses import replace

import gradio as gr
import pytest

from app.caching.codebook import Codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.generation.request import Request
from app.models.base import at_size
from app.models.registry import CARDS
from app.models.size import Size
from components.studio.controls import SHOWN, show_request
from components.studio.share import from_query, to_query
from components.studio.size import LABELS, ratio_props, read_size, size_props
from tests.support.tiny import TinyVideoModel

REQUEST = Request("open-sora-1.2", "a dog", AdaCacheConfig(Codebook((0.1, 1.0), (4, 1))))
OPEN_SORA, SPRITES = CARDS["open-sora-1.2"], CARDS["sprites"]
TALL = Size(854, 480, 102)


def test_a_size_survives_json_and_makes_another_request() -> None:
    sized = replace(REQUEST, size=TALL)
    assert Request.from_json(json.loads(json.dumps(sized.to_json()))) == sized
    assert sized.key() != REQUEST.key()
    assert not sized.same_baseline(REQUEST)


def test_requests_of_before_there_were_sizes_are_read_and_keep_their_key() -> None:
    """The key is that of the commit before this field came."""
    old = json.loads(json.dumps(REQUEST.to_json()))
    assert set(old) == {"model", "prompt", "method", "seed", "steps", "guidance"}
    assert Request.from_json(old) == REQUEST
    assert REQUEST.key() == "b6e07504f1ad21f6"


@pytest.mark.parametrize(
    "size",
    ["480p", {"height": 480}, {"height": 480, "width": "x", "frames": 1}, {"height": 9, "width": 99, "frames": 1}],
)
def test_a_strangers_size_is_checked(size: object) -> None:
    with pytest.raises(ValueError, match=r"size has the fields|must be a whole number"):
        Request.from_json({**REQUEST.to_json(), "size": size})


def test_names_become_pixels_and_what_is_not_said_is_the_models_own() -> None:
    assert OPEN_SORA.requested_size() is None
    assert OPEN_SORA.requested_size("480p", "9:16", "2s") is None  # is the model's own
    assert OPEN_SORA.requested_size(aspect_ratio="16:9", length="4s") == TALL
    assert OPEN_SORA.requested_size("240p", length="17") == Size(240, 426, 17)
    with pytest.raises(ValueError, match="frames must be 1 or a multiple of 17 up to 816, got 50"):
        OPEN_SORA.requested_size(length="50")


def test_a_model_of_one_size_refuses_another_in_one_line() -> None:
    with pytest.raises(ValueError, match=r"^Sprites makes 16 frames of 128 x 128 only, got '480p'$"):
        SPRITES.requested_size("480p")
    model = TinyVideoModel()
    assert at_size(model, None) is at_size(model, model.card.size) is model
    with pytest.raises(ValueError, match=r"^Tiny makes 17 frames of 80 x 64 only, got 102 frames of 480 x 854$"):
        at_size(model, TALL)


def test_every_size_of_the_page_is_read_back() -> None:
    assert OPEN_SORA.sizes is not None
    for resolution, ratios in OPEN_SORA.sizes.resolutions.items():
        for ratio in ratios:
            size = OPEN_SORA.sizes.size(resolution, ratio, "8s")
            picked = {name: size_props(OPEN_SORA, size)[name]["value"] for name in LABELS}
            if (resolution, ratio) != ("4k", "1:1"):  # which 2880 has as well
                assert picked == {"resolution": resolution, "aspect_ratio": ratio, "length": "8s"}
            assert read_size(OPEN_SORA, **picked) == size
            offered = [value for value, _ in size_props(OPEN_SORA, size)["aspect_ratio"]["choices"]]
            assert picked["aspect_ratio"] in offered


def test_another_resolution_with_other_ratios_takes_the_closest() -> None:
    assert ratio_props(OPEN_SORA, "720p", "9:16") == gr.skip()
    other = ratio_props(OPEN_SORA, "512", "9:16")
    assert (other["value"], other["choices"][0]) == ("0.57", ("0.25", "0.25"))
    assert read_size(OPEN_SORA, "512", "9:16", "2s") == Size(384, 672, 51)
    back = ratio_props(OPEN_SORA, "360p", "0.57")
    assert (back["value"], len(back["choices"])) == ("9:16", 17)
    assert ratio_props(SPRITES, None, None) == gr.skip()


def test_the_dropdowns_offer_each_length_once_and_say_what_they_mean() -> None:
    updates = size_props(OPEN_SORA, TALL)
    assert [value for value, _ in updates["length"]["choices"]] == ["image", "2s", "4s", "8s", "16s", "32s"]
    assert updates["size"]["visible"]
    assert updates["size_said"]["text"] == "480 × 854 pixels, 102 frames, 4.2 s"
    assert size_props(OPEN_SORA, Size(1080, 1920, 1))["size_said"]["text"] == "1920 × 1080 pixels, an image"
    hidden = size_props(SPRITES)
    assert [hidden[name]["value"] for name in LABELS] == [None] * 3
    assert (hidden["size"]["visible"], hidden["size_said"]["text"]) == (False, "")


def test_what_another_model_left_in_the_dropdowns_is_nothing() -> None:
    assert read_size(SPRITES, "480p", "9:16", "2s") is None


def test_a_link_restores_the_size() -> None:
    updates = show_request(CARDS, from_query(to_query(replace(REQUEST, size=TALL))))
    shown = dict(zip(SHOWN, updates, strict=True))
    assert [shown[name]["value"] for name in LABELS] == ["480p", "16:9", "4s"]
    with pytest.raises(ValueError, match="Sprites makes 16 frames of 128 x 128 only"):
        show_request(CARDS, replace(REQUEST, model="sprites", size=TALL))
    with pytest.raises(ValueError, match="no resolution, aspect ratio and length make 17 frames"):
        show_request(CARDS, replace(REQUEST, size=Size(64, 80, 17)))
