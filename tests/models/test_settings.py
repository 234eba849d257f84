"""Settings of models: what a card offers, what is refused in words, and what changes a loaded model."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from app.caching.methods.fixed_interval import FixedIntervalConfig
from app.caching.methods.pab import PABConfig
from app.generation.events import Compared, Failed, Started
from app.generation.pair import generate_pair
from app.generation.request import Request
from app.models.base import adjusted
from app.models.registry import CARDS, card, load_model
from app.models.samplers.rectified_flow import shifted_timesteps
from app.models.settings import NAMES, PRECISIONS, Settings
from tests.support.tiny import TinyVideoModel

WAN = card("wan-2.1-1.3b")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"negative_prompt": 5}, "the negative prompt must be text, got 5"),
        ({"negative_prompt": "x" * 1501}, "the negative prompt has 1501 characters; at most 1500"),
        ({"precision": "float16"}, "precision must be float32 or bfloat16, got 'float16'"),
        ({"precision": ["float32"]}, "precision must be float32 or bfloat16, got "),
        ({"flow_shift": 0}, "flow shift must be within 0.01 and 100, got 0"),
        ({"flow_shift": float("nan")}, "flow shift must be a finite number"),
        ({"flow_shift": True}, "flow shift must be a finite number, got true"),
        ({"aesthetic": 11}, "the aesthetic score must be within 0 and 10, got 11"),
        ({"motion_score": -1}, "the motion score must be within 0 and 100, got -1"),
        ({"motion_score": "fast"}, "the motion score must be a finite number, got 'fast'"),
        ({"camera_motion": "dolly"}, "camera motion must be one of pan right, .*, static, got 'dolly'"),
        ({"camera_motion": ["static"]}, "camera motion must be one of pan right, "),
        ({"image": "cliff.png"}, "the first frame must be an image's id, 64 hexadecimal digits, got 'cliff.png'"),
        ({"image": ["a" * 64]}, "the first frame must be an image's id, "),
        ({"last_image": "A" * 64}, "the last frame must be an image's id, 64 hexadecimal digits, got 'AAA"),
    ],
)
def test_settings_that_no_model_takes(given: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Settings(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("model", "given", "said"),
    [
        ("sprites", Settings("blurry"), "Sprites takes no negative prompt; it takes: flow shift"),
        (
            "sprites",
            Settings(precision="float32"),
            "Sprites takes no precision; it takes: flow shift",
        ),
        (
            "cogvideox-2b",
            Settings("", flow_shift=2.0),
            "CogVideoX-2B takes no flow shift; it takes: negative prompt and precision",
        ),
        (
            "open-sora-1.2",
            Settings("x"),
            "Open-Sora 1.2 takes no negative prompt; it takes: precision, aesthetic, motion score, camera motion, "
            "image, last image, extends and overlap",
        ),
    ],
)
def test_a_setting_that_a_model_does_not_have_is_refused(model: str, given: Settings, said: str) -> None:
    with pytest.raises(ValueError, match=f"^{said}$"):
        card(model).requested_settings(given)


def test_a_card_refuses_a_precision_it_does_not_offer() -> None:
    with pytest.raises(ValueError, match=r"^Wan 2.1 1.3B runs in float32, got bfloat16$"):
        replace(WAN, precisions=("float32",)).requested_settings(Settings(precision="bfloat16"))


def test_what_is_the_models_own_is_not_asked_for() -> None:
    assert WAN.negative_prompt
    assert WAN.requested_settings(Settings(WAN.negative_prompt, "float32", 3.0)) == Settings(precision="float32")
    assert WAN.requested_settings(Settings("", None, 5.0)) == Settings("", None, 5.0)
    offered = {model: found.settings for model, found in CARDS.items()}
    assert offered["sprites"] == ("flow_shift",)
    assert offered["wan-2.1-14b"] == offered["ltx-video"] == NAMES[:3]
    assert offered["open-sora-1.2"] == ("precision", *NAMES[3:])
    assert card("open-sora-1.2").requested_settings(Settings(aesthetic=6.5)) == Settings()
    assert all(found.precisions in ((), PRECISIONS) for found in CARDS.values())


def test_a_model_without_settings_refuses_them_and_is_itself_without() -> None:
    model = TinyVideoModel()
    assert adjusted(model, Settings()) is model
    with pytest.raises(ValueError, match=r"^Tiny takes no flow shift; it takes: none$"):
        adjusted(model, Settings(flow_shift=2.0))


def test_sprites_takes_another_flow_shift() -> None:
    model = load_model("sprites")
    changed = adjusted(model, Settings(flow_shift=2.5))
    assert changed.schedule(10) == shifted_timesteps(10, 2.5)
    assert model.schedule(10) == shifted_timesteps(10, 5.0)
    assert adjusted(model, Settings(flow_shift=5.0)) is model
    assert changed.transformer is model.transformer  # type: ignore[attr-defined]


def test_a_run_is_made_with_its_flow_shift_and_counted_with_it(tmp_path: Path) -> None:
    request = Request("sprites", "a dog", PABConfig(window=(0, 700)), steps=4, guidance=2.0)
    shares = {}
    for shift in (None, 0.5):
        asked = replace(request, flow_shift=shift)
        started, *_, last = (e for e in generate_pair(asked, tmp_path) if isinstance(e, Started | Compared))
        assert isinstance(started, Started)
        assert isinstance(last, Compared), last
        assert started.timesteps == shifted_timesteps(4, shift or 5.0)
        assert last.summary["flow_shift"] == shift
        shares[shift] = last.summary["compute_share"]
    assert shares[0.5] < shares[None]  # more of its steps are in PAB's window


def test_a_precision_is_for_models_that_have_one() -> None:
    with pytest.raises(ValueError, match="Sprites takes no precision"):
        load_model("sprites", precision="bfloat16")
    request = Request("sprites", "a dog", FixedIntervalConfig(2), steps=4, precision="bfloat16")
    (failed,) = generate_pair(request, Path("unused"))
    assert "Sprites takes no precision" in str(failed)


def test_images_are_for_models_that_take_them_and_have_to_be_there(tmp_path: Path) -> None:
    asked = replace(Request("sprites", "a dog", FixedIntervalConfig(2), steps=4), image="a" * 64)
    (failed,) = generate_pair(asked, tmp_path)
    assert failed == Failed("Sprites takes no image; it takes: flow shift")
    takes = TinyVideoModel()
    takes.card = replace(takes.card, images=("image", "last_image"))
    for place, said in (("image", "first frame"), ("last_image", "last frame")):
        asked_of_it: dict[str, Any] = {place: "b" * 64}
        with pytest.raises(ValueError, match=f"^the image of the {said} is not here; give it again$"):
            adjusted(takes, Settings(**asked_of_it))


def test_words_for_settings() -> None:
    assert str(Settings()) == ""
    assert str(Settings("x", "float32", 2.5)) == "another negative prompt, float32, flow shift 2.5"
    assert torch.float32 == getattr(torch, PRECISIONS[0])
