"""What only shows on a GPU, tried on the CPU: weights in bfloat16, kept latents, blocks that offload moves."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from app.caching.codebook import Codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.policy import NoCache
from app.caching.registry import build_policy
from app.generation.denoiser import Denoiser
from app.generation.events import BaselineFound, Compared
from app.generation.pair import generate_pair
from app.generation.request import Request
from app.models.diffusers import blocks
from app.models.diffusers.load import load
from app.models.diffusers.model import DiffusersModel
from app.runs.store import RunStore, about_now
from app.selftest.checkpoints.diffusers import SIZES
from app.selftest.convolutions import bfloat16_convolutions
from tests.models.diffusers.conftest import PROMPT, every_model

Models = Callable[[str], DiffusersModel]
Folders = Callable[[str], Path]
SKIPPING = AdaCacheConfig(Codebook((1e6,), (2,)))


@pytest.fixture(autouse=True)
def quick_convolutions() -> Iterator[None]:
    with bfloat16_convolutions(torch.device("cpu")):
        yield


def in_bfloat16(name: str, folder: Path) -> DiffusersModel:
    model = load(name, folder, SIZES[name])
    for part in model.pipeline.components.values():
        if isinstance(part, nn.Module):
            part.to(torch.bfloat16)
    return model


@every_model
@pytest.mark.parametrize("reuse", ["hold", "forecast"])
def test_weights_in_bfloat16_denoise_preview_and_decode(
    name: str, reuse: str, checkpoint: Callable[[str], Path]
) -> None:
    model = in_bfloat16(name, checkpoint(name))
    policy = build_policy(AdaCacheConfig(Codebook((1e6,), (2,)), reuse=reuse))  # type: ignore[arg-type]
    run = Denoiser.start(model, model.encode_prompt(PROMPT), policy, seed=0, steps=6, guidance=5.0)
    clean = run.advance()
    assert len(model.preview(clean)) == model.card.frames
    run.finish()
    assert run.latent.isfinite().all()
    assert len(run.computed_steps) < 6
    assert run.decode().shape == (model.card.frames, model.card.height, model.card.width, 3)


@every_model
def test_a_seed_is_the_same_noise_in_every_precision(
    name: str, model: Callable[[str], DiffusersModel], checkpoint
) -> None:
    single, half = model(name).initial_latent(5), in_bfloat16(name, checkpoint(name)).initial_latent(5)
    assert torch.equal(single.to(torch.bfloat16), half.to(torch.bfloat16))


@every_model
def test_a_repeated_request_takes_its_baseline_from_disk(name: str, model: Models, tmp_path: Path) -> None:
    store, loaded = RunStore(tmp_path), model(name)
    videos = []
    for _ in range(2):
        making = store.begin("again")
        request = Request(name, PROMPT, SKIPPING, seed=1, steps=4, guidance=5.0)
        events = list(generate_pair(request, making, load=lambda _: loaded, kept=store.baseline))
        assert isinstance(events[-1], Compared), events[-1]
        run = store.keep(making, about_now(""))
        videos.append(run.video("baseline").read_bytes())
    assert any(isinstance(event, BaselineFound) and event.same for event in events)
    assert videos[0] == videos[1]


@every_model
def test_a_finished_latent_can_be_decoded_twice(name: str, model: Models) -> None:
    loaded = model(name)
    run = Denoiser.start(loaded, loaded.encode_prompt(PROMPT), NoCache(), seed=0, steps=3, guidance=5.0).finish()
    assert np.array_equal(run.decode(), loaded.decode(run.latent.clone()))


@pytest.mark.parametrize("name", ["cogvideox-2b", "wan-2.1-1.3b", "ltx-video", "hunyuan-video", "mochi-1"])
def test_offload_finds_every_block_while_a_cache_is_attached(
    name: str, model: Callable[[str], DiffusersModel]
) -> None:
    """accelerate's hooks move a module's parameters, which they find among its children."""
    loaded = model(name)
    transformer: nn.Module = loaded.pipeline.transformer
    before = {id(parameter) for parameter in transformer.parameters()}
    run = Denoiser.start(loaded, loaded.encode_prompt(PROMPT), NoCache(), seed=0, steps=2, guidance=5.0)
    with loaded.family.attached(transformer, run.cache, frames=1):
        assert {id(parameter) for parameter in transformer.parameters()} == before
    assert blocks.depth(transformer) == loaded.card.depth
