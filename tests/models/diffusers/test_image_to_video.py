"""Videos that start from an image: diffusers' own bit for bit, encoded once, and refused in words without one."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from app.caching.codebook import Codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.policy import CachePolicy, NoCache
from app.caching.registry import build_policy
from app.generation.denoiser import Denoiser
from app.generation.events import BaselineFound, Compared, Failed
from app.generation.image_files import ImageFiles
from app.generation.pair import generate_pair
from app.generation.prompt_file import read_prompt_file
from app.generation.request import Request
from app.jobs.runner import JobRunner
from app.lab.record import record
from app.models.condition_image import ConditionImage
from app.models.diffusers.family import checkpoints
from app.models.diffusers.model import DiffusersModel
from app.runs.store import RunStore, about_now
from app.selftest.checkpoints.image import IMAGE
from app.selftest.convolutions import bfloat16_convolutions
from tests.models.diffusers.conftest import FROM_IMAGE, PROMPT, own_output

STEPS, GUIDANCE, SEED = 3, 5.0, 3
SKIPPING = AdaCacheConfig(Codebook((1e6,), (2,)))
NEEDED = "starts every video from an image; give it a first frame"
Models = Callable[[str], DiffusersModel]
Folders = Callable[[str], Path]


def start(model: DiffusersModel, policy: CachePolicy, steps: int = STEPS) -> Denoiser:
    conditioning = model.encode_prompt(PROMPT)
    return Denoiser.start(model, conditioning, policy, seed=SEED, steps=steps, guidance=GUIDANCE)


@pytest.mark.parametrize("name", FROM_IMAGE)
def test_without_a_cache_it_is_diffusers_own_output_bit_for_bit(
    name: str, model: Models, checkpoint: Folders
) -> None:
    latent, video = own_output(name, checkpoint(name), steps=STEPS, guidance=GUIDANCE, seed=SEED)
    both = start(model(name), NoCache()), start(model(name), build_policy(AdaCacheConfig(Codebook((1.0,), (1,)))))
    for _ in range(STEPS):  # in turns, as in a run
        for denoiser in both:
            denoiser.advance()
    for denoiser in both:
        assert torch.equal(denoiser.latent, latent)
    assert np.array_equal(both[0].decode(), (video * 255).round().astype(np.uint8))


@pytest.mark.parametrize("name", ["cogvideox-5b-i2v", "wan-2.1-i2v-14b"])
def test_weights_in_bfloat16_encode_an_image_and_denoise(name: str, model: Models) -> None:
    """The decoder is that of the siblings of text, which test_precision.py has decode."""
    single = model(name)
    loaded = DiffusersModel(deepcopy(single.pipeline), single.family, single.card).with_images({"image": IMAGE})
    for part in loaded.pipeline.components.values():
        if isinstance(part, nn.Module):
            part.to(torch.bfloat16)
    with bfloat16_convolutions(torch.device("cpu")):
        run = start(loaded, build_policy(SKIPPING), 6).finish()
    assert run.latent.isfinite().all()
    assert run.latent.dtype == (torch.float32 if single.family.noise_in_float32 else torch.bfloat16)
    assert len(run.computed_steps) < 6


@pytest.mark.parametrize("name", ["cogvideox-5b-i2v", "wan-2.1-i2v-14b"])
def test_an_image_is_encoded_before_the_first_step_and_decides_the_video(
    name: str, model: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = model(name), model(name).with_images({"image": ConditionImage(255 - IMAGE.pixels)})
    latents = [start(chosen, NoCache()).finish().latent for chosen in (one, other, one)]
    assert torch.equal(latents[0], latents[2])
    assert not torch.equal(latents[0], latents[1])
    run = start(one, NoCache())
    monkeypatch.setattr(one.pipeline.vae, "encode", None)  # not callable: a step that encodes breaks off
    if (encoder := one.pipeline.components.get("image_encoder")) is not None:
        monkeypatch.setattr(encoder, "forward", None)
    assert torch.equal(run.finish().latent, latents[0])


def test_a_run_keeps_its_image_and_a_repeated_one_its_baseline(model: Models, tmp_path: Path) -> None:
    name = "cogvideox-5b-i2v"
    store, loaded = RunStore(tmp_path), load_bare(model(name))
    request = Request(name, PROMPT, SKIPPING, seed=1, steps=4, guidance=GUIDANCE, image=IMAGE.id)
    for _ in range(2):
        making = store.begin("again")
        events = list(
            generate_pair(request, making, load=lambda _: loaded, kept=store.baseline, images={IMAGE.id: IMAGE})
        )
        assert isinstance(events[-1], Compared), events[-1]
        run = store.keep(making, about_now(""))
        assert ConditionImage.open(run.folder / "first_frame.png").id == IMAGE.id
    assert any(isinstance(event, BaselineFound) and event.same for event in events)


def load_bare(model: DiffusersModel) -> DiffusersModel:
    """The model as `load` leaves it, without an image."""
    bare = model.with_images({"image": IMAGE})
    bare.image = None
    return bare


def test_without_an_image_nothing_is_loaded(tmp_path: Path) -> None:
    def load_none(_: str) -> DiffusersModel:
        raise AssertionError("it was loaded")

    for name in FROM_IMAGE:
        request, title = Request(name, PROMPT, SKIPPING, steps=4), checkpoints()[name].card.title
        assert list(generate_pair(request, tmp_path, load=load_none)) == [Failed(f"{title} {NEEDED}")]
        with pytest.raises(ValueError, match=NEEDED):
            JobRunner(RunStore(tmp_path), load_none).submit("somebody", request)
        prompts = json.dumps([PROMPT]).encode()
        with pytest.raises(ValueError, match=f"entry 1: {title} {NEEDED}"):
            read_prompt_file(prompts, "p.json", request, checkpoints()[name].card, ImageFiles(tmp_path))


def test_a_loaded_model_says_it_too_and_a_recording_keeps_no_image(model: Models) -> None:
    wan = model("wan-2.1-i2v-14b")
    with pytest.raises(ValueError, match=f"^Wan 2.1 I2V 14B {NEEDED}$"):
        load_bare(wan).initial_latent(SEED)
    with pytest.raises(ValueError, match="starts every video from an image, and a recording keeps none"):
        record(wan, PROMPT, seed=SEED, steps=4, guidance=GUIDANCE)


def test_cards_say_where_an_image_is_needed() -> None:
    for checkpoint in checkpoints().values():
        needed = checkpoint.family.text_pipeline is not None
        assert (checkpoint.card.needs_image, "image" in checkpoint.card.images) == (needed, needed)
