"""The complete pipeline on a tiny checkpoint in the published layout: T5, LatteT2V, CausalVAE, to mp4."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import imageio.v3 as iio
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from app.caching.branches import Branch
from app.caching.cache import ResidualCache
from app.caching.codebook import Codebook
from app.caching.method import Method
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.methods.delta_dit import DeltaDiTConfig, DeltaInterval
from app.caching.methods.pab import MLPBroadcast, PABConfig
from app.caching.methods.tgate import TGATEConfig
from app.caching.registry import build_policy
from app.generation.events import Compared, Finished, Started
from app.generation.pair import generate_pair
from app.generation.request import Request
from app.models.base import VideoModel, adjusted
from app.models.open_sora_plan.model import OpenSoraPlan, load
from app.models.open_sora_plan.repositories import MODEL, WEIGHTS
from app.models.registry import load_model
from app.models.runtime.weights import WeightsError
from app.models.settings import Settings
from app.runs.run import load_run
from tests.support.open_sora_plan import FRAMES, LATENT_SIDE

PROMPT = "A red fox runs over the snow"
STEPS = 6
EVALUATIONS = STEPS + 9
ADACACHE = AdaCacheConfig(Codebook((1000.0,), (3,)))
METHODS: dict[str, tuple[Method, bool]] = {  # and whether it can be folded
    "adacache": (ADACACHE, True),
    "delta-dit": (DeltaDiTConfig((DeltaInterval((2, 9), (0, 1)),), 2, "corrected"), True),
    "pab": (PABConfig(2, 3, 4, (50, 900), MLPBroadcast((500,), (0,), 2)), False),
    "tgate": (TGATEConfig(5, (1, 4), 2), False),
}


def sample(model: OpenSoraPlan, method: Method, *, folded: bool) -> tuple[Tensor, ResidualCache, int]:
    """The finished latent, the cache, and how many branches were computed."""
    schedule = model.schedule(STEPS)
    cache = ResidualCache(build_policy(method), model.card.run_shape(schedule), folded=folded)
    conditioning, latent, computed = model.encode_prompt(PROMPT), model.initial_latent(3), 0
    with torch.inference_mode():
        for step in range(1, len(schedule) + 1):
            cache.begin_step()
            latent, _ = model.denoise_step(latent, step, schedule, conditioning, 7.5, cache)
            cache.end_step()
            computed += cache.computed
    return latent[:1], cache, computed


def test_a_race_from_prompt_to_mp4(model: OpenSoraPlan, tmp_path: Path):
    request = Request("open-sora-plan-1.1", PROMPT, ADACACHE, seed=3, steps=STEPS, guidance=7.5)
    events = list(generate_pair(request, tmp_path, previews=True, load=lambda _: model))
    assert isinstance(events[-1], Compared), events[-1]
    assert isinstance(events[0], Started)
    assert events[0].understood == ((PROMPT, "a red fox runs over the snow"),)
    finished = {event.side: event for event in events if isinstance(event, Finished)}
    for event in finished.values():
        assert iio.imread(event.video).shape == (FRAMES, 256, 256, 3)
    assert finished["baseline"].computed_steps == EVALUATIONS
    assert finished["baseline"].computed_fraction == 1
    assert 0.2 < finished["accelerated"].computed_fraction < 0.7
    assert load_run(tmp_path, "").summary["baseline_steps"] == EVALUATIONS


@pytest.mark.parametrize("name", METHODS)
def test_methods_compute_less_and_folding_changes_nothing(model: OpenSoraPlan, name: str):
    method, foldable = METHODS[name]
    latent, cache, computed = sample(model, method, folded=True)
    assert latent.shape == (1, 4, 5, LATENT_SIDE, LATENT_SIDE)
    assert latent.isfinite().all()
    assert 0 < computed < EVALUATIONS * cache.branches
    if foldable:
        by_branch, _, again = sample(model, method, folded=False)
        assert again == computed
        torch.testing.assert_close(by_branch, latent, atol=1e-4, rtol=1e-4)


def test_the_probe_is_the_middle_block(model: OpenSoraPlan):
    observed = build_policy(ADACACHE).start(model.card.run_shape(model.schedule(STEPS)))
    assert observed == {Branch(1, "temporal", "attn")}


def test_the_empty_prompt_is_the_other_half(model: OpenSoraPlan):
    conditioning = model.encode_prompt("a fox")
    words = int(model.tokenizer("a fox").mask.sum())
    assert conditioning.text.shape == (2, 1, words, 32)
    empty = model.encode_prompt("the snow").text[1, 0]
    torch.testing.assert_close(conditioning.text[1, 0, :2], empty[:2])


def test_another_negative_prompt_takes_the_place_of_the_empty_one(model: OpenSoraPlan):
    changed = adjusted(model, Settings("the snow"))
    text = changed.encode_prompt("a fox").text
    assert torch.equal(text[:1], model.encode_prompt("a fox").text[:1])
    words = text.shape[2]
    assert torch.equal(text[1:], model.encode_prompt("the snow").text[:1, :, :words])
    assert adjusted(model, Settings("")) is model


def test_another_precision_is_a_second_load(checkpoint: Path):
    own, half = (load_model("open-sora-plan-1.1", checkpoint, precision) for precision in (None, "bfloat16"))
    assert load_model("open-sora-plan-1.1", checkpoint, "float32") is own  # the CPU's own
    assert load_model("open-sora-plan-1.1", checkpoint, "bfloat16") is half is not own
    for loaded, dtype in ((own, torch.float32), (half, torch.bfloat16)):
        assert isinstance(loaded, OpenSoraPlan)
        weights = next(loaded.parts.use("transformer").parameters())
        assert weights.dtype == dtype
    request = Request("open-sora-plan-1.1", PROMPT, ADACACHE, steps=STEPS, guidance=7.5, precision="bfloat16")
    asked = []

    def load_as_asked(name: str, **precision: Any) -> VideoModel:
        asked.append(precision)
        return own  # the contract runs it in bfloat16

    with TemporaryDirectory() as folder:
        *_, last = generate_pair(request, Path(folder), load=load_as_asked)
    assert isinstance(last, Compared), last
    assert asked == [{"precision": "bfloat16"}]


def test_names_that_do_not_fit_are_refused(checkpoint: Path, tmp_path: Path):
    folder = Path(shutil.copytree(checkpoint, tmp_path / "weights"))
    file = folder / MODEL.name / "vae" / WEIGHTS
    tensors = load_file(file)
    tensors["decoder.conv_out.conv.weights"] = tensors.pop("decoder.conv_out.conv.weight")
    save_file(tensors, file)
    with pytest.raises(WeightsError, match=r"decoder.conv_out.conv.weight is missing; .*weights is unknown"):
        load(folder).parts.use("vae")


def test_a_missing_folder_is_named(checkpoint: Path, tmp_path: Path):
    folder = Path(shutil.copytree(checkpoint, tmp_path / "weights"))
    shutil.rmtree(folder / MODEL.name / "65x512x512")
    with pytest.raises(WeightsError, match=r"65x512x512/config.json is missing"):
        load(folder)
