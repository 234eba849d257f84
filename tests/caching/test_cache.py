"""ResidualCache over the recorded transformer: laws that hold for every run."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from app.caching.branches import WHOLE_BLOCKS, Branch, all_branches
from app.caching.cache import ResidualCache
from app.caching.codebook import Codebook, load_codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.methods.adacache_policy import AdaCache
from app.caching.methods.fixed_interval import FixedIntervalConfig
from app.caching.methods.pab import PABConfig
from app.caching.methods.tgate import TGATEConfig
from app.caching.motion import MotionRegularisation
from app.caching.policy import CachePolicy, NoCache, Plan, RunShape
from app.caching.registry import build_policy
from tests.support.tiny import STREAM_BYTES, TinyVideoModel, sample

MODEL = TinyVideoModel()


def adacache(*rates: int, motion: bool = False) -> AdaCache:
    book = Codebook(tuple(0.02 * (i + 1) for i in range(len(rates))), rates)
    return AdaCache(AdaCacheConfig(book, motion=MotionRegularisation(reference=0.12) if motion else None))


@pytest.mark.parametrize("folded", [True, False])
def test_all_rates_1_is_no_cache_bit_for_bit(folded: bool):
    assert torch.equal(sample(adacache(1, 1), folded=folded)[0], sample(NoCache())[0])


@settings(max_examples=8, deadline=None)
@given(rates=st.lists(st.integers(1, 6), min_size=1, max_size=5), motion=st.booleans(), seed=st.integers(0, 9))
def test_folded_equals_per_branch(rates: list[int], motion: bool, seed: int):
    rates = sorted(rates, reverse=True)
    folded, _ = sample(adacache(*rates, motion=motion), seed=seed)
    per_branch, _ = sample(adacache(*rates, motion=motion), folded=False, seed=seed)
    assert torch.allclose(folded, per_branch, atol=1e-5)


def test_the_same_run_twice_is_the_same_video():
    assert torch.equal(sample(adacache(4, 2))[0], sample(adacache(4, 2))[0])


def test_folding_keeps_three_token_streams_at_most():
    _, cache = sample(adacache(4, 2))
    assert cache.peak_bytes == 3 * STREAM_BYTES
    _, per_branch = sample(adacache(4, 2), folded=False)
    assert per_branch.peak_bytes >= 24 * STREAM_BYTES
    assert sample(NoCache())[1].peak_bytes == 0


class Stop(Exception):
    pass


def test_a_stopped_run_leaves_the_next_one_unchanged():
    calls = 0

    def poll() -> None:
        nonlocal calls
        calls += 1
        if calls == 40:  # among the blocks of the second step
            raise Stop

    schedule = MODEL.schedule(12)
    expected, _ = sample(adacache(4, 2))
    cache = ResidualCache(adacache(4, 2), MODEL.card.run_shape(schedule), poll=poll)
    latent = MODEL.initial_latent(0)
    text = MODEL.encode_prompt("a test")
    with torch.inference_mode():
        cache.begin_step()
        latent, _ = MODEL.denoise_step(latent, 1, schedule, text, 7.0, cache)
        cache.begin_step()
        with pytest.raises(Stop):
            MODEL.denoise_step(latent, 2, schedule, text, 7.0, cache)
    assert 0 < cache.computed < 24
    assert torch.equal(sample(adacache(4, 2))[0], expected)


class Only(CachePolicy):
    """Computes everything first, then only the given branches."""

    granularity = "branches"

    def __init__(self, *branches: Branch):
        self.branches = frozenset(branches)

    def start(self, run: RunShape) -> frozenset[Branch]:
        return frozenset()

    def plan(self, step: int) -> Plan:
        return "all" if step == 1 else self.branches

    def observe(self, branch: Branch, residual: Tensor) -> None:
        raise AssertionError("nothing is observed")


def test_single_branches_can_be_computed():
    branches = all_branches(MODEL.card.depth)
    assert len(branches) == 24
    everything, cache = sample(Only(*branches), steps=3)
    assert cache.computed == 24
    assert torch.equal(everything, sample(NoCache(), steps=3)[0])
    some, cache = sample(Only(branches[5]), steps=3)
    assert cache.computed == 1
    assert not torch.equal(some, everything)


def test_the_cache_accounts_for_what_measuring_takes():
    """The peak counts the policy's tensors and as many more of the observed one's size as it forms."""

    class Watcher(NoCache):
        def start(self, run: RunShape) -> frozenset[Branch]:
            return frozenset(all_branches(MODEL.card.depth)[:1])

        def held_bytes(self) -> int:
            return 5

    assert sample(Watcher(), steps=1)[1].peak_bytes == STREAM_BYTES + 5
    greedy = Watcher()
    greedy.measuring = 4
    assert sample(greedy, steps=1)[1].peak_bytes == 4 * STREAM_BYTES + 5


def test_reusing_what_was_never_computed_is_an_error():
    class Hasty(Only):
        def plan(self, step: int) -> Plan:
            return "none"

    with pytest.raises(RuntimeError, match="step 1 reuses"):
        sample(Hasty(), steps=3)


def test_a_whole_block_is_one_branch_and_passes_keep_residuals_of_their_own():
    """Two passes a step: the conditional and the unconditional half one after the other."""
    run = RunShape((2.0, 1.0, 0.5), 2, WHOLE_BLOCKS)

    def step(cache: ResidualCache, inputs: tuple[Tensor, ...], gain: float) -> list[Tensor]:
        cache.begin_step()
        blocks = [
            lambda x, i=i: cache.block(Branch(i, "joint", "block"), x, lambda x: x * gain + i) for i in range(2)
        ]
        outputs = [cache.stack(x, blocks) for x in inputs]
        cache.end_step()
        return outputs

    inputs = torch.full((1, 1, 1, 1), 1.0), torch.full((1, 1, 1, 1), 10.0)
    for folded in (True, False):
        cache = ResidualCache(build_policy(FixedIntervalConfig(2)), run, folded=folded)
        assert [x.item() for x in step(cache, inputs, 3.0)] == [10.0, 91.0]
        assert cache.computed == cache.branches == 2
        assert [x.item() for x in step(cache, inputs, 5.0)] == [10.0, 91.0]  # residuals 9 and 81
        assert cache.computed == 0
    policy = AdaCache(AdaCacheConfig(load_codebook("fast"), locations="end"))
    cache = ResidualCache(policy, run)
    step(cache, inputs, 3.0)
    step(cache, inputs, 5.0)
    assert len(policy.readings) == 1
    # The second block's residual of the first pass: 3 * 3 + 1 - 3 = 7, then 5 * 5 + 1 - 5 = 21.
    assert policy.readings[0].distance == pytest.approx((21 - 7) / 7)


@pytest.mark.parametrize("method", [PABConfig(), TGATEConfig()])
def test_methods_that_need_attention_alone_say_so(method: PABConfig | TGATEConfig):
    run = RunShape((2.0, 1.0), 2, WHOLE_BLOCKS)
    with pytest.raises(ValueError, match="reuses attention and MLP apart, but of this model only whole blocks"):
        build_policy(method).start(run)
