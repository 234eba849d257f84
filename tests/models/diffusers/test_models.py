"""diffusers' models: without a cache their own output bit for bit, and every method and recording runs on them."""

import gc
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from app.caching.branches import WHOLE_BLOCKS
from app.caching.cache import ResidualCache
from app.caching.codebook import Codebook, load_codebook
from app.caching.method import Method
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.methods.adacache_policy import AdaCache
from app.caching.methods.delta_dit import DeltaDiTConfig, DeltaInterval
from app.caching.methods.first_block import FirstBlockConfig
from app.caching.methods.fixed_interval import FixedIntervalConfig
from app.caching.methods.pab import PABConfig
from app.caching.methods.tgate import TGATEConfig
from app.caching.policy import CachePolicy, NoCache
from app.caching.registry import build_policy
from app.generation.denoiser import Denoiser
from app.generation.events import Compared, Failed
from app.generation.pair import generate_pair
from app.generation.request import Request
from app.lab.record import record
from app.models.diffusers.model import DiffusersModel
from app.models.diffusers.stepwise import Paused
from tests.models.diffusers.conftest import PROMPT, every_model, own_output

STEPS, GUIDANCE, SEED = 4, 5.0, 3
Models = Callable[[str], DiffusersModel]


def start(model: DiffusersModel, policy: CachePolicy, steps: int = STEPS, *, folded: bool = True) -> Denoiser:
    denoiser = Denoiser.start(
        model, model.encode_prompt(PROMPT), policy, seed=SEED, steps=steps, guidance=GUIDANCE
    )
    if not folded:
        denoiser.cache = ResidualCache(policy, model.card.run_shape(denoiser.schedule), folded=False)
    return denoiser


def adacache(*rates: int) -> AdaCache:
    thresholds = tuple(0.5 * (index + 1) for index in range(len(rates)))
    return AdaCache(AdaCacheConfig(Codebook(thresholds, rates)))


@every_model
def test_without_a_cache_it_is_diffusers_own_output_bit_for_bit(
    name: str, model: Models, checkpoint: Callable[[str], Path]
):
    latent, video = own_output(name, checkpoint(name), steps=STEPS, guidance=GUIDANCE, seed=SEED)
    both = start(model(name), NoCache()), start(model(name), adacache(1))
    for _ in range(STEPS):  # in turns, as in a run
        cleans = [denoiser.advance() for denoiser in both]
    for denoiser, clean in zip(both, cleans, strict=True):
        assert torch.equal(denoiser.latent, latent)
        look = model(name).preview(clean)
        assert len(look) == model(name).card.frames
        assert np.array_equal(denoiser.decode(), (video * 255).round().astype(np.uint8))
    assert video.std() > 0


@pytest.mark.parametrize("name", ["ltx-video", "hunyuan-video", "mochi-1"])
def test_timesteps_fall_and_the_last_step_expects_what_it_makes(name: str, model: Models):
    """Their scheduler is Euler's, whose last step goes all the way to the clean latent."""
    denoiser = start(model(name), NoCache())
    assert denoiser.schedule[0] == pytest.approx(1000)
    assert all(before > after for before, after in pairwise(denoiser.schedule))
    cleans = [denoiser.advance() for _ in range(STEPS)]
    assert torch.allclose(cleans[-1], denoiser.latent, atol=1e-5)
    assert not torch.allclose(cleans[0], denoiser.latent, atol=1e-2)


@every_model
def test_folded_equals_per_branch_and_skips(name: str, model: Models):
    folded = start(model(name), adacache(3, 2), 8).finish()
    per_branch = start(model(name), adacache(3, 2), 8, folded=False).finish()
    assert 2 < len(folded.computed_steps) < 8
    assert folded.computed_steps == per_branch.computed_steps
    assert torch.allclose(folded.latent, per_branch.latent, atol=1e-4)
    assert folded.cache.peak_bytes < per_branch.cache.peak_bytes
    plain = start(model(name), NoCache(), 8).finish()
    assert not torch.allclose(folded.latent, plain.latent, atol=1e-4)
    readings = [record for record in folded.records if record.distance is not None]
    assert readings
    assert all(np.isfinite(record.motion) for record in readings if record.motion is not None)


METHODS: tuple[Method, ...] = (
    AdaCacheConfig(Codebook((1e6,), (2,)), reuse="forecast"),
    PABConfig(window=(0, 1000)),
    TGATEConfig(gate=2, window=(1, 4)),
    DeltaDiTConfig(intervals=(DeltaInterval((1, 4), (1, 2)),)),
    FirstBlockConfig(0.9),
    FixedIntervalConfig(2),
)


@pytest.mark.parametrize("name", ["latte-1", "cogvideox-2b", "wan-2.1-1.3b"])
@pytest.mark.parametrize("method", METHODS, ids=lambda method: type(method).__name__)
def test_every_method_runs_or_says_why_not(name: str, method: Method, model: Models):
    if model(name).card.layout == WHOLE_BLOCKS and isinstance(method, PABConfig | TGATEConfig):
        with pytest.raises(ValueError, match="only whole blocks can be reused"):
            start(model(name), build_policy(method))
        return
    denoiser = start(model(name), build_policy(method), 6).finish()
    assert denoiser.computed_branches < 6 * denoiser.cache.branches
    assert denoiser.latent.isfinite().all()


def test_a_race_and_a_recording(model: Models, tmp_path: Path):
    latte = model("latte-1")
    request = Request("latte-1", PROMPT, AdaCacheConfig(load_codebook("fast")), seed=SEED, steps=6, guidance=7.5)
    last = list(generate_pair(request, tmp_path, previews=True, load=lambda _: latte))[-1]
    assert isinstance(last, Compared), last
    assert (tmp_path / "accelerated.mp4").stat().st_size > 0
    recording = record(latte, PROMPT, seed=SEED, steps=6, guidance=7.5)
    assert recording.blocks == (1,)
    assert len(recording.probes[0].change[1]) == 6


def test_running_out_of_memory_is_one_line_and_the_next_run_works(
    model: Models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    wan = model("wan-2.1-1.3b")
    request = Request("wan-2.1-1.3b", PROMPT, FixedIntervalConfig(2), seed=SEED, steps=4, guidance=5.0)
    calls = 0

    def exhausted(*args: object, **kwargs: object) -> None:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.\nmore lines")
        return forward(*args, **kwargs)

    block = wan.pipeline.transformer.blocks[1]
    forward = block.forward
    with monkeypatch.context() as patch:
        patch.setattr(block, "forward", exhausted)
        last = list(generate_pair(request, tmp_path, load=lambda _: wan))[-1]
    assert isinstance(last, Failed)
    assert last.message.startswith("not enough memory")
    assert "\n" not in last.message
    gc.collect()
    assert not wan._under_way
    assert isinstance(list(generate_pair(request, tmp_path, load=lambda _: wan))[-1], Compared)


def test_a_dropped_run_leaves_no_thread_and_no_cache_behind(model: Models):
    latte = model("latte-1")
    before = set(threading.enumerate())
    denoiser = start(latte, adacache(2))
    denoiser.advance()
    (worker,) = set(threading.enumerate()) - before
    del denoiser
    gc.collect()
    worker.join(timeout=60)
    assert not worker.is_alive()
    assert "cache" not in vars(latte.pipeline.transformer)


def test_what_is_raised_between_pauses_is_raised_outside():
    def function(pause: Callable[[int], None]) -> str:
        pause(1)
        raise OSError("disk full")

    paused = Paused(function)
    assert paused.advance() == 1
    with pytest.raises(OSError, match="disk full"):
        paused.advance()
    with pytest.raises(RuntimeError, match="has ended"):
        paused.advance()


def test_words_beyond_the_limit_are_reported(model: Models):
    encoded = model("latte-1").encode_prompt("the fox runs over the snow " * 40)
    assert encoded.text.shape[2] == 120
    assert "snow" in encoded.ignored[0]
