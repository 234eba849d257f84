"""The gallery: schedules that are the Lab's simulation, the run a clip stands for, and files that are refused."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from app.caching.codebook import Codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.motion import MotionRegularisation
from app.lab.gallery import INDEX, Gallery, load_gallery, scaled, simulated_gallery
from app.lab.record import record
from app.lab.recording import Recording
from app.lab.simulate import simulate
from tests.support.tiny import TinyVideoModel

METHOD = AdaCacheConfig(Codebook((0.1, 0.2, 1.0), (4, 2, 1)), motion=MotionRegularisation())
SCALES = (0.5, 1.0, 3.0)


@pytest.fixture(scope="module")
def recordings() -> dict[str, Recording]:
    model = TinyVideoModel()
    made = [
        record(model, prompt, seed=seed, steps=9, guidance=7.0) for seed, prompt in enumerate(("a", "two words"))
    ]
    return {recording.prompt[0]: recording for recording in made}


@pytest.fixture(scope="module")
def gallery(recordings: dict[str, Recording]) -> Gallery:
    return simulated_gallery(recordings, METHOD, SCALES)


def test_its_schedules_are_the_simulation_from_calm_to_fast(gallery: Gallery, recordings: dict[str, Recording]):
    motions = [clip.motion for clip in gallery.clips]
    assert motions == sorted(motions)
    assert motions[0] < motions[-1]
    for clip in gallery.clips:
        recording = recordings[clip.name]
        assert (clip.prompt, clip.seed, clip.steps) == (recording.prompt, recording.seed, recording.steps)
        for scale, computed, plain in zip(SCALES, clip.computed, clip.plain, strict=True):
            method = scaled(METHOD, scale)
            assert computed == simulate(recording, method).computed
            assert plain == len(simulate(recording, replace(method, motion=None)).computed)
        assert len(clip.computed[0]) > len(clip.computed[-1])


def test_a_clip_and_a_place_of_the_slider_are_a_run(gallery: Gallery):
    clip = gallery.clips[0]
    request = gallery.request(clip.name, 2)
    assert (request.model, request.prompt, request.seed, request.steps) == ("tiny", clip.prompt, clip.seed, 9)
    assert request.adacache
    assert request.adacache.codebook.thresholds == (0.3, 0.6, 3.0)
    assert request.adacache.motion == METHOD.motion
    with pytest.raises(ValueError, match="no clip 'none'"):
        gallery.request("none", 0)
    with pytest.raises(ValueError, match="position must be a whole number from 0 to 2, got 3"):
        gallery.request(clip.name, 3)


def test_it_is_read_back_and_what_does_not_fit_is_named(gallery: Gallery, tmp_path: Path):
    assert load_gallery(tmp_path) is None
    good = json.loads(json.dumps(gallery.to_json()))
    clip = good["clips"][0]
    broken = {
        "as its file": {**clip, "name": "../secret"},
        "for 3 scales": {**clip, "db": clip["db"][:2]},
        "computes step 1": {**clip, "computed": [[2, 3], *clip["computed"][1:]]},
        "not one of this version": {name: value for name, value in clip.items() if name != "plain"},
    }
    (tmp_path / INDEX).write_text(json.dumps(good))
    assert load_gallery(tmp_path) == gallery
    for reason, changed in broken.items():
        (tmp_path / INDEX).write_text(json.dumps({**good, "clips": [changed]}))
        with pytest.raises(ValueError, match=reason):
            load_gallery(tmp_path)
