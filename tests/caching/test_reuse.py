"""What a reused residual is made of: the last one, its negative, or the line through the last two."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from app.caching.codebook import Codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.methods.adacache_policy import AdaCache
from app.caching.policy import NoCache
from app.caching.reuse import CachedResidual, Computed
from tests.support.tiny import STREAM_BYTES, sample

ONE, TWO = torch.tensor([1.0, 2.0]), torch.tensor([2.0, 1.0])


def forecasting(*rates: int) -> AdaCache:
    book = Codebook(tuple(0.02 * (i + 1) for i in range(len(rates))), rates)
    return AdaCache(AdaCacheConfig(book, reuse="forecast"))


def kept(*computed: tuple[Tensor, float]) -> CachedResidual:
    """Residuals computed one after the other at their timesteps."""
    made = CachedResidual(())
    for residual, timestep in computed:
        made = made.after(Computed(residual, timestep))
    return made


def test_a_line_is_continued_by_timestep():
    two = kept((ONE, 900.0), (TWO, 800.0))
    assert two.reused("hold", 750.0) is TWO
    assert torch.equal(two.reused("negate", 750.0), -TWO)
    assert torch.equal(two.reused("forecast", 750.0), torch.tensor([2.5, 0.5]))
    assert two.nbytes == 2 * ONE.nbytes


def test_too_few_residuals_hold():
    assert kept((ONE, 900.0)).reused("forecast", 100.0) is ONE
    assert kept((ONE, 900.0)).reused("forecast-2", 100.0) is ONE
    assert kept((ONE, 900.0), (TWO, 900.0)).reused("forecast", 100.0) is TWO
    two = kept((ONE, 900.0), (TWO, 800.0))
    assert torch.equal(two.reused("forecast-2", 750.0), two.reused("forecast", 750.0))


def test_the_second_order_by_hand():
    # Slopes 0 and 1 a timestep, 100 apart: the slope changes by 1 / 100 a timestep.
    three = kept((torch.tensor(0.0), -200.0), (torch.tensor(0.0), -100.0), (torch.tensor(100.0), 0.0))
    assert three.reused("forecast-2", 10.0).item() == pytest.approx(100 + 1 * 10 + 0.01 * 10**2 / 2)
    assert three.reused("forecast", 10.0).item() == pytest.approx(110)
    assert (
        kept((ONE, 3.0)).after(Computed(TWO, 2.0)).aged("forecast-2").history
        == kept((ONE, 3.0)).after(Computed(TWO, 2.0)).history
    )
    assert len(three.aged("forecast-2").history) == 2
    assert len(three.aged("forecast").history) == 1
    assert three.aged("hold").history == ()


@pytest.mark.parametrize(("probe", "gamma"), [(3.0, 1.5), (1.0, 1.0), (9.0, 2.0), (-2.0, 1.0)])
def test_a_probe_says_how_far_along_the_line(probe: float, gamma: float):
    """Between the two computed steps the first block's residual moved from 0 to 2."""
    made = CachedResidual(()).after(Computed(torch.tensor(10.0), 3.0, torch.tensor([[0.0]])))
    assert made.reused("probe-scaled", 1.0, torch.tensor([[5.0]])).item() == 10
    made = made.after(Computed(torch.tensor(14.0), 2.0, torch.tensor([[2.0]])))
    assert made.reused("probe-scaled", 1.0, torch.tensor([[probe]])).item() == 10 + gamma * 4


def test_a_probe_that_does_not_move_holds():
    made = CachedResidual(()).after(Computed(ONE, 3.0, ONE)).after(Computed(TWO, 2.0, ONE))
    assert made.reused("probe-scaled", 1.0, TWO) is TWO


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
    with pytest.raises(ValueError, match="one of hold, forecast, forecast-2, probe-scaled, got 'guess'"):
        AdaCacheConfig(Codebook((1.0,), (2,)), reuse="guess")  # type: ignore[arg-type]
