"""Settings of diffusers models: another negative prompt or flow shift is diffusers' own output, bit for bit."""

from collections.abc import Callable
from dataclasses import replace
from math import exp
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler, UniPCMultistepScheduler

from app.caching.methods.fixed_interval import FixedIntervalConfig
from app.caching.policy import NoCache
from app.generation.denoiser import Denoiser
from app.generation.events import BaselineFound, Compared
from app.generation.pair import generate_pair
from app.generation.request import Request
from app.models.base import VideoModel, adjusted
from app.models.diffusers.family import checkpoints, families
from app.models.diffusers.model import DiffusersModel
from app.models.settings import Settings
from app.runs.store import RunStore, about_now
from tests.models.diffusers.conftest import MODELS, PROMPT, own_output

NEGATIVE = "the small dog sails the blue ship"
STEPS, GUIDANCE, SEED = 4, 5.0, 3
Models = Callable[[str], DiffusersModel]
Folders = Callable[[str], Path]
NEGATED = [name for name in MODELS if checkpoints()[name].card.negative_prompt is not None]
SCHEDULERS: dict[str, Callable[[Any], Any]] = {  # as a person gives a pipeline another shift
    "wan-2.1-1.3b": lambda config: UniPCMultistepScheduler.from_config(config, flow_shift=7.5),
    "wan-2.2-a14b": lambda config: UniPCMultistepScheduler.from_config(config, flow_shift=7.5),
    "hunyuan-video": lambda config: FlowMatchEulerDiscreteScheduler.from_config(config, shift=7.5),
    "ltx-video": lambda config: FlowMatchEulerDiscreteScheduler.from_config(
        config, use_dynamic_shifting=False, shift=7.5
    ),
}


def latent(model: VideoModel) -> torch.Tensor:
    conditioning = model.encode_prompt(PROMPT)
    return (
        Denoiser.start(model, conditioning, NoCache(), seed=SEED, steps=STEPS, guidance=GUIDANCE).finish().latent
    )


@pytest.mark.parametrize("name", NEGATED)
@pytest.mark.parametrize("negative", [NEGATIVE, ""])
def test_another_negative_prompt_is_diffusers_own_output(
    name: str, negative: str, model: Models, checkpoint: Folders
) -> None:
    theirs, _ = own_output(
        name, checkpoint(name), steps=STEPS, guidance=GUIDANCE, seed=SEED, negative_prompt=negative
    )
    ours = latent(adjusted(model(name), Settings(negative)))
    assert torch.equal(ours, theirs)
    assert torch.equal(ours, latent(model(name))) == (negative == model(name).card.negative_prompt)


@pytest.mark.parametrize("name", list(SCHEDULERS))
def test_another_flow_shift_is_diffusers_own_output(name: str, model: Models, checkpoint: Folders) -> None:
    theirs, _ = own_output(
        name, checkpoint(name), steps=STEPS, guidance=GUIDANCE, seed=SEED, scheduler=SCHEDULERS[name]
    )
    changed = adjusted(model(name), Settings(flow_shift=7.5))
    assert torch.equal(latent(changed), theirs)
    assert not torch.equal(theirs, latent(model(name)))
    assert changed.schedule(STEPS) != model(name).schedule(STEPS)


def test_ltx_shifts_by_the_number_of_its_tokens_unless_asked(model: Models) -> None:
    ltx = model("ltx-video")
    tokens = ltx.grid()[0] * ltx.grid()[1] * ltx.grid()[2]
    own = exp(0.95 + (2.05 - 0.95) * (tokens - 256) / (4096 - 256))  # the small checkpoint's scheduler
    assert adjusted(ltx, Settings(flow_shift=own)).schedule(6) == pytest.approx(ltx.schedule(6), rel=1e-4)


def test_a_flow_shift_is_offered_where_the_family_has_one(model: Models) -> None:
    assert {name for name, family in families().items() if family.shifted} == {
        "wan",
        "wan-i2v",
        "ltx",
        "hunyuan-video",
    }
    for name in MODELS:
        found = model(name)
        assert (found.card.flow_shift is not None) == (found.family.shifted is not None)
    assert model("wan-2.1-1.3b").pipeline.scheduler.config.flow_shift == model("wan-2.1-1.3b").card.flow_shift


def test_settings_share_the_weights_and_leave_the_model_as_it_was(model: Models) -> None:
    wan = model("wan-2.1-1.3b")
    before = latent(wan)
    changed = adjusted(wan, Settings(NEGATIVE, flow_shift=7.5))
    assert isinstance(changed, DiffusersModel)
    assert changed.pipeline.transformer is wan.pipeline.transformer
    assert changed.look is wan.look
    latent(changed)
    assert torch.equal(latent(wan), before)


def test_another_negative_prompt_is_another_baseline(model: Models, tmp_path: Path) -> None:
    store, wan = RunStore(tmp_path), model("wan-2.1-1.3b")
    first = Request("wan-2.1-1.3b", PROMPT, FixedIntervalConfig(2), seed=1, steps=4, guidance=GUIDANCE)
    found = {}
    for request in (first, replace(first, negative_prompt=NEGATIVE), replace(first, flow_shift=7.5), first):
        making = store.begin("again")
        events = list(generate_pair(request, making, load=lambda _: wan, kept=store.baseline))
        assert isinstance(events[-1], Compared), events[-1]
        store.keep(making, about_now(""))
        found[request.key()] = any(isinstance(event, BaselineFound) for event in events)
    assert list(found.values()) == [True, False, False]  # the first one the second time
