"""What a reused residual is made of: the last one, its negative, or the line through the last two."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from app.caching.codebook import Codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.methods.adacache_policy import AdaCache
from app.caching.policy import NoCache
from app.caching.reuse import CachedResidual
from tests.support.tiny import STREAM_BYTES, sample

ONE, TWO = torch.tensor([1.0, 2.0]), torch.tensor([2.0, 1.0])


def forecasting(*rates: int) -> AdaCache:
    book = Codebook(tuple(0.02 * (i + 1) for i in range(len(rates))), rates)
    return AdaCache(AdaCacheConfig(book, reuse="forecast"))


def test_a_line_is_continued_by_timestep():
    kept = CachedResidual.after(CachedResidual.after(None, ONE, 900.0), TWO, 800.0)
    assert kept.reused("hold", 750.0) is TWO
    assert torch.equal(kept.reused("negate", 750.0), -TWO)
    assert torch.equal(kept.reused("forecast", 750.0), torch.tensor([2.5, 0.5]))
    assert kept.nbytes == 2 * ONE.nbytes


def test_a_single_residual_holds():
    kept = CachedResidual.after(None, ONE, 900.0)
    assert kept.reused("forecast", 100.0) is ONE
    assert CachedResidual.after(kept, TWO, 900.0).reused("forecast", 100.0) is TWO


def test_rates_1_are_no_cache_bit_for_bit():
    assert torch.equal(sample(forecasting(1, 1))[0], sample(NoCache())[0])


@settings(max_examples=6, deadline=None)
@given(rates=st.lists(st.integers(1, 6), min_size=1, max_size=4), seed=st.integers(0, 9))
def test_folded_equals_per_branch(rates: list[int], seed: int):
    rates = sorted(rates, reverse=True)
    folded, _ = sample(forecasting(*rates), seed=seed)
    per_branch, _ = sample(forecasting(*rates), folded=False, seed=seed)
    assert torch.allclose(folded, per_branch, atol=1e-4)


def test_the_forecast_costs_one_more_token_stream_than_holding():
    _, cache = sample(forecasting(4, 2))
    assert cache.peak_bytes == 4 * STREAM_BYTES


def test_an_unknown_reuse_is_named():
    with pytest.raises(ValueError, match="AdaCache reuse must be one of hold, forecast, got 'guess'"):
        AdaCacheConfig(Codebook((1.0,), (2,)), reuse="guess")  # type: ignore[arg-type]
