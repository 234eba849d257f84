"""Image to video on the tiny checkpoint: encoded, kept in place under a cache, decoded; scores in the caption."""

from dataclasses import replace
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest
import torch
from torch import Tensor

from app.caching.codebook import Codebook
from app.caching.method import Method
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.names import named_method
from app.caching.policy import NoCache
from app.caching.registry import build_policy
from app.generation.denoiser import Denoiser
from app.generation.events import Compared, Event, Failed, Started
from app.generation.images import PICTURES, read_condition
from app.generation.kept_baseline import LATENTS, read_latents
from app.generation.pair import generate_pair
from app.generation.request import Request
from app.models.base import adjusted, at_size
from app.models.condition_image import ConditionImage
from app.models.open_sora.model import OpenSora
from app.models.settings import Settings
from app.models.size import Size
from tests.support.open_sora import SIZE

LONG = Size(SIZE.height, SIZE.width, 34)  # 10 latent frames
SKIPPING = AdaCacheConfig(Codebook((1.0,), (3,)))
REQUEST = Request("open-sora-1.2", "A red fox", SKIPPING, seed=3, steps=5, guidance=7.0)


def picture(seed: int) -> ConditionImage:
    """Noise of another shape than the video's."""
    noise = np.random.default_rng(seed).integers(0, 256, (90, 200, 3), dtype=np.uint8)
    return ConditionImage(noise)


FIRST, LAST = picture(1), picture(2)
IMAGES = {image.id: image for image in (FIRST, LAST)}


def run(model: OpenSora, folder: Path, **changes: object) -> Event:
    *_, last = generate_pair(replace(REQUEST, **changes), folder, load=lambda _: model, images=IMAGES)  # type: ignore[arg-type]
    return last


def encoded(model: OpenSora, image: ConditionImage) -> Tensor:
    """(channels, h, w): the latent of an image cut to the video."""
    pixels = torch.from_numpy(image.fitted(SIZE.height, SIZE.width).copy()).float() / 127.5 - 1
    with torch.inference_mode():
        return model.encode(pixels.permute(2, 0, 1)[None, :, None])[0, :, 0]


def final(model: OpenSora, method: Method | None, size: Size, steps: int, **images: str) -> Tensor:
    """(channels, frames, h, w): the last latent of one side."""
    conditioned = adjusted(at_size(model, size), Settings(**images), IMAGES)  # type: ignore[arg-type]
    done = Denoiser.start(
        conditioned,
        conditioned.encode_prompt(REQUEST.prompt),
        NoCache() if method is None else build_policy(method),
        seed=3,
        steps=steps,
        guidance=7.0,
        solver="own" if method is None else method.solver,
    ).finish()
    return done.latent[0]


def test_image_to_video_from_end_to_end(model: OpenSora, tmp_path: Path):
    compared = run(model, tmp_path, image=FIRST.id)
    assert isinstance(compared, Compared), compared
    assert compared.summary["image"] == FIRST.id
    assert compared.summary["computed_steps"] < compared.summary["baseline_steps"]
    latents = read_latents(tmp_path / LATENTS)
    assert latents is not None
    for latent in latents:  # of the baseline, after its first step and after its last
        assert torch.equal(latent[0, :, 0], encoded(model, FIRST))
    assert iio.imread(tmp_path / "accelerated.mp4").shape[0] == SIZE.frames
    kept = read_condition(tmp_path, compared.trace.request, "image")
    assert kept is not None
    assert kept.id == FIRST.id


@pytest.mark.parametrize("method", ["pab-slow", "adacache-fast+dpm-2m"])
def test_the_latent_begins_with_the_condition_under_another_cache_and_solver(model: OpenSora, method: str):
    latent = final(model, named_method(method, "open-sora-1.2"), SIZE, 5, image=FIRST.id)
    torch.testing.assert_close(
        latent[:, 0], encoded(model, FIRST), atol=0 if "dpm" not in method else 1e-5, rtol=0
    )


def test_both_frames_keep_their_places_and_change_the_rest(model: OpenSora):
    """A last frame is the first of the last 17, as upstream aligns it."""
    images = {"image": FIRST.id, "last_image": LAST.id}
    both, last, none = (
        final(model, None, LONG, 2, **given) for given in (images, {"last_image": LAST.id}, dict[str, str]())
    )
    assert torch.equal(both[:, 0], encoded(model, FIRST))
    assert torch.equal(both[:, 5], encoded(model, LAST))
    assert torch.equal(last[:, 5], encoded(model, LAST))
    assert not torch.equal(last[:, 0], encoded(model, FIRST))
    for other in (last, none):
        assert not torch.allclose(both[:, 1:5], other[:, 1:5])


def test_a_reused_baseline_is_that_of_the_same_image(model: OpenSora):
    asked = replace(REQUEST, image=FIRST.id)
    assert asked.same_baseline(replace(asked, method=named_method("pab-slow", "open-sora-1.2")))
    assert not asked.same_baseline(replace(asked, image=LAST.id))


@pytest.mark.parametrize(
    ("size", "place", "said"),
    [
        (Size(64, 80, 1), "image", "a first frame needs a video of at least 17 frames, got 1"),
        (SIZE, "last_image", "a last frame needs a video of at least 34 frames, got 17"),
    ],
)
def test_a_video_too_short_for_an_image(model: OpenSora, tmp_path: Path, size: Size, place: str, said: str):
    assert run(model, tmp_path, size=size, **{place: FIRST.id}) == Failed(said)
    assert list(tmp_path.iterdir()) == []


def test_an_image_that_is_not_here_ends_the_run_in_words(model: OpenSora, tmp_path: Path):
    assert run(model, tmp_path, image="0" * 64) == Failed(
        "the image of the first frame is not here; give it again"
    )


def test_text_to_image_is_kept_whole_and_can_be_the_first_frame(model: OpenSora, tmp_path: Path):
    (tmp_path / "image").mkdir()
    made = run(model, tmp_path / "image", size=Size(64, 80, 1), steps=2)
    assert isinstance(made, Compared), made
    with (tmp_path / "image" / PICTURES["accelerated"]).open("rb") as file:
        frame = ConditionImage.read(file.read())
    assert frame.pixels.shape == (64, 80, 3)
    assert frame.pixels.std() > 5
    IMAGES[frame.id] = frame
    assert torch.equal(final(model, None, SIZE, 2, image=frame.id)[:, 0], encoded(model, frame))


def test_scores_are_in_the_caption_in_upstreams_words(model: OpenSora, tmp_path: Path):
    asked = replace(REQUEST, steps=2, aesthetic=7.0, motion_score=5.0, camera_motion="pan left")
    events = generate_pair(asked, tmp_path, load=lambda _: model)
    started = next(event for event in events if isinstance(event, Started))
    events.close()  # type: ignore[attr-defined]
    ((_, caption),) = started.understood
    assert caption == "a red fox aesthetic score: 7.0. motion score: 5.0. camera motion: pan left."
    assert model.encode_prompt("a fox").understood == (("a fox", "a fox aesthetic score: 6.5."),)
    still = at_size(model, Size(64, 80, 1))
    with pytest.raises(ValueError, match=r"^a motion score is for videos, and this request is for one frame$"):
        adjusted(still, Settings(motion_score=5.0))
    assert adjusted(still, Settings(aesthetic=5.0)).encode_prompt("a fox").understood[0][1].endswith("score: 5.0.")


def test_settings_and_images_change_no_loaded_model(model: OpenSora):
    changed = adjusted(model, Settings(aesthetic=7.0, image=FIRST.id), IMAGES)
    assert isinstance(changed, OpenSora)
    assert (changed.images, changed.scores) == ({"image": FIRST}, {"aesthetic": 7.0})
    assert changed.parts is model.parts
    assert (model.images, model.scores) == ({}, {})
