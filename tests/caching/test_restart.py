"""Where another transformer takes over, nothing of the first is reused, and every method begins as in step 1."""

from dataclasses import replace

import pytest
import torch

from app.caching.branches import WHOLE_BLOCKS, Branch
from app.caching.cache import ResidualCache
from app.caching.codebook import Codebook
from app.caching.method import Method
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.methods.delta_dit import DeltaDiTConfig, DeltaInterval
from app.caching.methods.dicache import DiCacheConfig
from app.caching.methods.first_block import FirstBlockConfig
from app.caching.methods.fixed_interval import FixedIntervalConfig
from app.caching.policy import CachePolicy, RunShape
from app.caching.registry import build_policy
from app.lab.recorder import Recorder, RecorderConfig
from app.models.base import restarts
from tests.support.tiny import CARD

STEPS, TAKEN_OVER = 8, 5
TIMESTEPS = tuple(float(1000 - 100 * step) for step in range(STEPS))
RUN = RunShape(TIMESTEPS, 2, WHOLE_BLOCKS, restarts=frozenset({TAKEN_OVER}))


def outputs(policy: CachePolicy, run: RunShape) -> tuple[list[float], list[str | int]]:
    """What two blocks make of ones in each step, whose gain grows, and what was computed of them."""
    cache = ResidualCache(policy, run)
    made: list[float] = []
    shares: list[str | int] = []
    for step in range(1, run.steps + 1):
        cache.begin_step()
        blocks = [
            lambda x, i=i, step=step: cache.block(Branch(i, "joint", "block"), x, lambda x: x * (1 + step))
            for i in range(2)
        ]
        made.append(cache.stack(torch.ones(1, 2, 1, 1), blocks)[0, 0, 0, 0].item())
        shares.append(cache.computed_share)
        cache.end_step()
    return made, shares


@pytest.mark.parametrize("reuse", ["hold", "forecast"])
@pytest.mark.parametrize(
    "method",
    [
        AdaCacheConfig(Codebook((1e6,), (6,))),
        FixedIntervalConfig(3),
        FirstBlockConfig(100.0),
        DiCacheConfig(1000.0, 0.1),
    ],
    ids=lambda method: type(method).__name__,
)
def test_the_step_is_computed_and_only_what_followed_it_is_reused(method: Method, reuse: str) -> None:
    made, shares = outputs(build_policy(replace(method, reuse=reuse)), RUN)  # type: ignore[call-arg]
    assert shares[TAKEN_OVER - 1] == "all"
    assert made[TAKEN_OVER - 1] == (1 + TAKEN_OVER) ** 2
    whole_run = replace(RUN, restarts=frozenset())
    _, shares = outputs(build_policy(replace(method, reuse=reuse)), whole_run)  # type: ignore[call-arg]
    assert shares[TAKEN_OVER - 1] != "all"


def test_a_forecast_goes_on_from_the_second_transformer_alone() -> None:
    made, _ = outputs(build_policy(FixedIntervalConfig(3, reuse="forecast")), RUN)
    assert made[TAKEN_OVER] == made[TAKEN_OVER - 1]  # one residual is held, two would make a line


def test_adacache_computes_two_steps_and_compares_the_second_with_the_first_of_them() -> None:
    policy = build_policy(AdaCacheConfig(Codebook((1e6,), (6,))))
    cache = ResidualCache(policy, RUN)
    distances = []
    for step in range(1, STEPS + 1):
        cache.begin_step()
        blocks = [
            lambda x, i=i, step=step: cache.block(Branch(i, "joint", "block"), x, lambda x: x * (1 + step))
            for i in range(2)
        ]
        cache.stack(torch.ones(1, 2, 1, 1), blocks)
        distances.append(cache.end_step().distance)
    # The first block's residual of ones is its gain less one, the step's number.
    assert distances[:2] == [None, pytest.approx(1.0)]
    assert distances[TAKEN_OVER - 1 : TAKEN_OVER + 1] == [None, pytest.approx(1 / TAKEN_OVER)]


def test_delta_dit_skips_no_block_in_the_step() -> None:
    method = DeltaDiTConfig((DeltaInterval((1, 8), (0, 0)),), gap=5)
    _, shares = outputs(build_policy(method), RUN)
    assert shares[TAKEN_OVER - 1] == "all"
    assert outputs(build_policy(method), replace(RUN, restarts=frozenset()))[1][TAKEN_OVER - 1] == 1


def test_a_policy_that_is_not_made_for_it_says_so() -> None:
    with pytest.raises(
        ValueError, match="Recorder is not made for a model that hands over to a second transformer"
    ):
        outputs(Recorder(RecorderConfig(max_lag=1)), RUN)


def test_the_step_is_the_first_below_the_handover() -> None:
    assert restarts(TIMESTEPS, 650.0) == {5}
    assert restarts(TIMESTEPS, 600.0) == {6}  # at it the first transformer still works
    assert restarts(TIMESTEPS, None) == restarts(TIMESTEPS, 100.0) == frozenset()
    assert replace(CARD, handover=650.0).run_shape(TIMESTEPS).restarts == {5}
