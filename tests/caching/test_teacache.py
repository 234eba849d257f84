"""Accumulated distance, by hand on inputs whose change is known."""

import math
from dataclasses import replace

import pytest
import torch

from app.caching.cache import ResidualCache
from app.caching.codebook import Codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.methods.seacache import filtered
from app.caching.methods.teacache import TeaCache, TeaCacheConfig
from app.caching.policy import NoCache, Plan, RunShape
from app.caching.registry import build_policy
from app.generation.denoiser import Denoiser
from tests.support.tiny import CARD, TinyVideoModel, sample


def decide(config: TeaCacheConfig, inputs: list[float]) -> tuple[list[Plan], list[float | None]]:
    """Plans and compared sums of a run whose modulated input is constant in every step."""
    policy = TeaCache(config)
    policy.start(RunShape(tuple(range(len(inputs), 0, -1)), 2))
    plans, sums = [], []
    for step, value in enumerate(inputs, 1):
        plan = policy.plan(step)
        policy.observe_signal("modulated-input", torch.full((2, 1, 3, 4), value))
        plans.append(policy.revise(plan))
        sums.append(policy.end_step().regularised)
    return plans, sums


def test_steps_are_skipped_until_the_sum_reaches_the_threshold():
    # Relative changes to the step before: 10 %, 10 %, 25 %, 0 %, 20 %.
    plans, sums = decide(TeaCacheConfig(threshold=0.3), [10.0, 11.0, 9.9, 7.425, 7.425, 8.91])
    assert plans == ["all", "none", "none", "all", "none", "all"]  # the last step is always computed
    assert sums == [None, pytest.approx(0.1), pytest.approx(0.2), pytest.approx(0.45), 0.0, None]


def test_the_polynomial_has_its_highest_power_first():
    assert TeaCacheConfig(coefficients=(2.0, -1.0, 0.5)).rescale(3.0) == 2 * 9 - 3 + 0.5
    plans, _ = decide(TeaCacheConfig(threshold=0.3, coefficients=(0.31,)), [1.0, 1.0, 1.0])
    assert plans == ["all", "all", "all"]


def test_a_nan_computes():
    plans, _ = decide(TeaCacheConfig(threshold=0.3), [1.0, math.nan, 1.0, 1.0])
    assert plans == ["all", "all", "all", "all"]


def test_threshold_0_is_no_cache_bit_for_bit():
    assert torch.equal(sample(TeaCache(TeaCacheConfig(0.0)))[0], sample(NoCache())[0])


def test_folded_equals_per_branch():
    config = TeaCacheConfig(threshold=0.2)
    folded, cache = sample(TeaCache(config))
    assert torch.allclose(folded, sample(TeaCache(config), folded=False)[0], atol=1e-5)
    assert cache.peak_bytes > 0


def test_a_model_that_does_not_show_its_input_is_named():
    cache = ResidualCache(TeaCache(TeaCacheConfig()), RunShape((1.0,), 1))
    cache.begin_step()
    with pytest.raises(ValueError, match="which this model does not show"):
        cache.stack(torch.zeros(1), [])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"threshold": -0.1}, "within 0 and 1000, got -0.1"),
        ({"threshold": "low"}, "must be a finite number, got 'low'"),
        ({"coefficients": ()}, r"1 to 16 coefficients are needed, got \(\)"),
        ({"coefficients": (1.0, math.inf)}, "coefficient must be a finite number, got inf"),
    ],
)
def test_bad_settings_are_named(change: dict[str, object], said: str):
    with pytest.raises(ValueError, match=said):
        TeaCacheConfig(**change)  # type: ignore[arg-type]


def test_of_pure_noise_seacache_keeps_the_mean_alone():
    """At timestep 1000 the filter passes frequency 0 only, however many tokens there are."""
    tokens = torch.randn(1, 4, 8, 160, 2, generator=torch.Generator().manual_seed(0)) + 3
    left = filtered(tokens, 1000.0)
    assert left.std(dim=(1, 2, 3)).max() < 1e-3 * left.mean().abs()
    assert filtered(tokens, 0.0).std(dim=(1, 2, 3)).min() > 0.1  # of a clean video nothing is taken away


def test_latent_signals_are_for_flows():
    class Diffusion(TinyVideoModel):
        card = replace(CARD, flow=False)

    model = Diffusion()
    config = AdaCacheConfig(Codebook((1.0,), (2,)), residual="velocity", distance="l2", motion=None)
    with pytest.raises(ValueError, match="latent signals are in the units of a rectified flow, which Tiny is not"):
        Denoiser.start(model, model.encode_prompt("a"), build_policy(config), seed=0, steps=4, guidance=1.0)
