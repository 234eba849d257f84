"""Laws of every method that decides from the schedule alone."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from app.caching.branches import Branch, all_branches
from app.caching.method import Method
from app.caching.methods.delta_dit import DeltaDiTConfig, DeltaInterval
from app.caching.methods.fewer_steps import FewerStepsConfig
from app.caching.methods.fixed_interval import FixedIntervalConfig
from app.caching.methods.pab import MLPBroadcast, PABConfig
from app.caching.methods.tgate import TGATEConfig
from app.caching.policy import NoCache, RunShape
from app.caching.registry import build_policy
from app.caching.schedule import Scheduled
from tests.support.tiny import STREAM_BYTES, TinyVideoModel, sample

ATTENTION_BRANCHES = 4 * 2 * 2  # blocks, parts, attn and cross


def test_fixed_interval_computes_every_kth_step():
    run = RunShape((4.0, 3.0, 2.0, 1.0), 2)
    assert FixedIntervalConfig(3).plans(run) == ("all", "none", "none", "all")
    with pytest.raises(ValueError, match="interval must be a whole number from 1 to 1000, got 0"):
        FixedIntervalConfig(0)


@pytest.mark.parametrize(
    "method",
    [FixedIntervalConfig(1), PABConfig(1, 1, 1), TGATEConfig(gate=12, interval=1)],
)
@pytest.mark.parametrize("folded", [True, False])
def test_intervals_of_1_are_no_cache_bit_for_bit(method: Method, folded: bool):
    assert torch.equal(sample(build_policy(method), folded=folded)[0], sample(NoCache())[0])


@settings(max_examples=6, deadline=None)
@given(interval=st.integers(1, 8), seed=st.integers(0, 9))
def test_folded_equals_per_branch(interval: int, seed: int):
    method = FixedIntervalConfig(interval)
    folded, _ = sample(build_policy(method), seed=seed)
    per_branch, _ = sample(build_policy(method), folded=False, seed=seed)
    assert torch.allclose(folded, per_branch, atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(
    method=st.one_of(
        st.builds(PABConfig, spatial=st.integers(1, 9), temporal=st.integers(1, 9), cross=st.integers(1, 9)),
        st.builds(TGATEConfig, gate=st.integers(1, 20), interval=st.integers(1, 5)),
        st.builds(DeltaDiTConfig, gap=st.integers(2, 4)),
        st.builds(FixedIntervalConfig, interval=st.integers(1, 9)),
    ),
    steps=st.integers(1, 40),
)
def test_the_first_step_computes_everything_and_nothing_is_reused_unkept(method: Method, steps: int):
    run = RunShape(tuple(1000 * (1 - i / steps) for i in range(steps)), 8)
    policy = build_policy(method)
    assert isinstance(policy, Scheduled)
    policy.start(run)
    kept: set[Branch] = set()
    for step in range(1, steps + 1):
        plan = policy.plan(step)
        for branch in all_branches(8):
            if plan == "all" or (plan != "none" and branch in plan):
                kept.discard(branch)
                if policy.keeps(branch):
                    kept.add(branch)
            else:
                assert branch in kept, f"step {step} reuses {branch}"


def test_a_branch_is_kept_only_while_it_is_reused():
    timesteps = (1000.0, 500.0, 250.0)
    policy = Scheduled(PABConfig(2, 1, 1, window=(400, 600)))
    policy.start(RunShape(timesteps, 1))
    kept = []
    for step in (1, 2, 3):
        policy.plan(step)
        kept.append([policy.keeps(Branch(0, part, "attn")) for part in ("spatial", "temporal")])
    assert kept == [[True, False], [False, False], [False, False]]


def test_peak_memory_counts_what_pab_reuses():
    # All attention outputs are reused in step 2 of 12, none of the MLPs.
    _, cache = sample(build_policy(PABConfig(2, 2, 2, window=(0, 1000))))
    assert cache.peak_bytes == ATTENTION_BRANCHES * STREAM_BYTES
    schedule = TinyVideoModel().schedule(12)
    broadcast = MLPBroadcast((int(schedule[2]),), (0, 1), steps=1)
    _, cache = sample(build_policy(PABConfig(1, 1, 1, mlp=broadcast)))
    assert cache.peak_bytes == 2 * 2 * STREAM_BYTES


def test_two_runs_of_a_policy_class_share_nothing():
    method = DeltaDiTConfig((DeltaInterval((1, 6), (1, 2)),))
    first, _ = sample(build_policy(method))
    sample(build_policy(method), steps=5, seed=3)
    assert torch.equal(sample(build_policy(method))[0], first)


def test_fewer_steps_shorten_the_accelerated_side():
    assert FewerStepsConfig(12).run_steps(30) == 12
    assert FixedIntervalConfig(2).run_steps(30) == 30
    with pytest.raises(ValueError, match="has 31 steps, more than the baseline's 30"):
        FewerStepsConfig(31).run_steps(30)
    with pytest.raises(ValueError, match="whole number from 1 to 1000, got 0"):
        FewerStepsConfig(0)
