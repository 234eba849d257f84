"""First-block cache, by hand on residuals whose change is known."""

import math

import pytest
import torch

from app.caching.branches import all_branches
from app.caching.methods.first_block import FirstBlock, FirstBlockConfig
from app.caching.policy import NoCache, Plan, RunShape
from tests.support.tiny import STREAM_BYTES, sample


def decide(threshold: float, residuals: list[float]) -> tuple[list[Plan], list[float | None]]:
    """Plans and distances of a run in which every branch of the first block has this residual."""
    policy = FirstBlock(FirstBlockConfig(threshold))
    observed = policy.start(RunShape(tuple(range(len(residuals), 0, -1)), 2))
    assert observed == frozenset(all_branches(1))
    plans, distances = [], []
    for step, value in enumerate(residuals, 1):
        plan = policy.plan(step)
        for branch in all_branches(1):
            assert branch in observed
            policy.observe(branch, torch.full((1, 2, 3, 4), value))
            plan = policy.revise(plan)
        plans.append(plan)
        distances.append(policy.end_step().distance)
    return plans, distances


def test_the_change_is_since_the_last_full_step():
    plans, distances = decide(0.15, [10.0, 11.0, 12.0, 12.0, 13.0])
    first = frozenset(all_branches(1))
    assert plans == ["all", first, "all", first, first]
    assert distances == [None, *(pytest.approx(d) for d in (0.1, 0.2, 0.0, 1 / 12))]


def test_the_plan_waits_for_the_whole_block():
    policy = FirstBlock(FirstBlockConfig())
    policy.start(RunShape((2.0, 1.0), 2))
    plan = policy.plan(1)
    for branch in all_branches(1)[:-1]:
        policy.observe(branch, torch.ones(1, 1, 1, 1))
        assert policy.revise(plan) == plan


def test_a_nan_computes():
    assert decide(0.5, [1.0, math.nan, 1.0])[0] == ["all", "all", "all"]


def test_threshold_0_is_no_cache_bit_for_bit():
    assert torch.equal(sample(FirstBlock(FirstBlockConfig(0.0)))[0], sample(NoCache())[0])


def test_folded_equals_per_branch_and_keeps_few_tensors():
    folded, cache = sample(FirstBlock(FirstBlockConfig(0.3)))
    per_branch, other = sample(FirstBlock(FirstBlockConfig(0.3)), folded=False)
    assert torch.allclose(folded, per_branch, atol=1e-5)
    assert cache.peak_bytes <= 4 * STREAM_BYTES < other.peak_bytes


@pytest.mark.parametrize(
    ("threshold", "said"), [(-1.0, "-1.0"), (math.nan, "nan"), (True, "true"), (None, "nothing")]
)
def test_bad_thresholds_are_named(threshold: object, said: str):
    with pytest.raises(ValueError, match=f"threshold must be .*, got {said}"):
        FirstBlockConfig(threshold)  # type: ignore[arg-type]


def test_a_model_of_one_block_has_nothing_to_reuse():
    with pytest.raises(ValueError, match="at least 2 blocks, this one has 1"):
        FirstBlock(FirstBlockConfig()).start(RunShape((1.0,), 1))
