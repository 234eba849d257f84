"""AdaCache's arithmetic by hand: distances, elapsed steps, motion, look-up, schedule."""

import math

import pytest
import torch
from torch import Tensor

from app.caching.branches import Branch
from app.caching.codebook import Codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.methods.adacache_policy import AdaCache
from app.caching.motion import MotionRegularisation, default_window
from app.caching.policy import Decision, RunShape
from tests.support.tiny import CARD

PROBE = Branch(0, "temporal", "attn")
BOOK = Codebook((0.25, 1.0), (3, 1))


def filled(*values: float) -> Tensor:
    """A residual of one channel: one value a frame."""
    return torch.tensor(values, dtype=torch.float32).view(1, -1, 1, 1)


def drive(config: AdaCacheConfig, residuals: list[Tensor]) -> tuple[list[int], list[Decision]]:
    """Run the policy over given probe residuals, one a step; returns computed steps and decisions."""
    policy = AdaCache(config)
    assert policy.start(RunShape(tuple(range(len(residuals), 0, -1)), depth=1)) == {PROBE}
    computed, decisions = [], []
    for step, residual in enumerate(residuals, start=1):
        if policy.plan(step) == "all":
            computed.append(step)
            policy.observe(PROBE, residual)
        decisions.append(policy.end_step())
    return computed, decisions


def test_relative_l1_over_the_previous_residual_and_the_previous_rate():
    # Step 2: |3-2| * 2 / (2 * 2) = 0.5 -> rate 1. Step 3: |3.3-3| / 3 = 0.1 -> rate 3, so 4 and 5 are reused.
    # Step 6: (6.6-3.3) / 3.3 / rate 3 = 1/3 -> rate 1. Steps 7 and 8 are the last two.
    values = [2, 3, 3.3, 9, 9, 6.6, 6.6, 6.6]
    computed, decisions = drive(AdaCacheConfig(BOOK, locations="start"), [filled(v, v) for v in values])
    assert computed == [1, 2, 3, 6, 7, 8]
    assert decisions[0].distance is None
    assert [d.rate for d in decisions] == [1, 1, 3, None, None, 1, 3, 3]
    assert decisions[1].distance == pytest.approx(0.5)
    assert decisions[2].normalised == pytest.approx(0.1)
    assert decisions[5].distance == pytest.approx(1.0)
    assert decisions[5].normalised == pytest.approx(1 / 3)
    assert decisions[6].row == 0


def test_official_divides_by_the_rate_at_forced_steps_and_the_paper_by_the_elapsed_steps():
    values = [1.0, 1.0, 1, 1, 1.2]
    slow = Codebook((0.5, 1.0), (10, 1))
    computed, decisions = drive(AdaCacheConfig(slow, locations="start"), [filled(v) for v in values])
    assert computed == [1, 2, 4, 5]
    assert decisions[4].normalised == pytest.approx(0.2 / 10)

    computed, decisions = drive(
        AdaCacheConfig(slow, formula="paper", locations="start"), [filled(v) for v in values]
    )
    assert computed == [1, 2]  # Eq. 6 forces nothing
    book = Codebook((0.5, 1.0), (3, 1))
    computed, decisions = drive(
        AdaCacheConfig(book, formula="paper", locations="start"), [filled(v) for v in values]
    )
    assert computed == [1, 2, 5]
    assert decisions[4].distance == pytest.approx(0.2)  # absolute
    assert decisions[4].normalised == pytest.approx(0.2 / 3)


@pytest.mark.parametrize(
    ("metric", "formula", "distance"),
    [
        ("l1", "official", 3 / 7),
        ("l2", "official", math.sqrt(5) / 5),
        ("l1", "paper", 3 / 2),
        ("l2", "paper", math.sqrt(5 / 2)),
        ("cosine", "official", 1 - (3 * 5 + 4 * 5) / (5 * math.sqrt(50))),
    ],
)
def test_distances(metric: str, formula: str, distance: float):
    config = AdaCacheConfig(BOOK, formula=formula, distance=metric, locations="start")  # type: ignore[arg-type]
    _, decisions = drive(config, [filled(3, 4), filled(5, 5), filled(5, 5), filled(5, 5)])
    assert decisions[1].distance == pytest.approx(distance, rel=1e-5)


def test_motion_scales_the_distance_by_score_and_gradient():
    # Frames 1, 3: motion |3-1| / (3+1) = 0.5; score (0.5 / 0.25)^2 = 4; gradient 10 (4 - 1) / 1 = 30.
    motion = MotionRegularisation(reference=0.25, power=2, gradient_scale=10, window=(2, 9))
    config = AdaCacheConfig(BOOK, locations="start", motion=motion)
    _, decisions = drive(config, [filled(1, 2.0), filled(1, 3), filled(1, 3), filled(1, 3)])
    assert decisions[1].motion == pytest.approx(0.5)
    assert decisions[1].motion_score == pytest.approx(4)
    assert decisions[1].motion_gradient == pytest.approx(30)
    assert decisions[1].regularised == pytest.approx(1 / 3 * 34)
    assert decisions[2].motion_gradient == pytest.approx(0)


def test_paper_motion_is_absolute_and_its_gradient_signed():
    # Step 1: |2-1| = 1, step 2: |1.5-1| = 0.5; gradient (0.5 - 1) / 1; factor 0.5 - 0.5 = 0.
    config = AdaCacheConfig(BOOK, formula="paper", locations="start", motion=MotionRegularisation())
    _, decisions = drive(config, [filled(1, 2.0), filled(1, 1.5), filled(1, 1.5), filled(1, 1.5)])
    assert decisions[1].motion_score == pytest.approx(0.5)
    assert decisions[1].motion_gradient == pytest.approx(-0.5)
    assert decisions[1].regularised == pytest.approx(0.0)


def test_leaving_the_window_makes_upstreams_jump():
    motion = MotionRegularisation(reference=0.5, power=1, gradient_scale=10, window=(2, 2))
    config = AdaCacheConfig(BOOK, locations="start", motion=motion)
    _, decisions = drive(config, [filled(1, 2.0), filled(1, 3), filled(1, 9), filled(1, 9)])
    assert decisions[1].motion_score == pytest.approx(1.0)
    assert decisions[2].motion_score == 1.0  # outside, whatever moves


def test_strides_are_averaged():
    motion = MotionRegularisation(strides=(1, 2), reference=1, power=1)
    config = AdaCacheConfig(BOOK, locations="start", motion=motion)
    _, decisions = drive(config, [filled(1, 1, 1), filled(1, 2, 3), filled(1, 2, 3), filled(1, 2, 3)])
    assert decisions[1].motion == pytest.approx((2 / 8 + 2 / 4) / 2)


def test_motion_is_measured_but_not_applied_when_off():
    _, decisions = drive(AdaCacheConfig(BOOK, locations="start"), [filled(1, 2.0), filled(1, 3), filled(1, 3)])
    assert decisions[1].motion == pytest.approx(0.5)
    assert decisions[1].regularised == decisions[1].normalised


def test_one_frame_with_motion_falls_to_the_last_rate():
    config = AdaCacheConfig(BOOK, locations="start", motion=MotionRegularisation(window=(1, 9)))
    _, decisions = drive(config, [filled(1.0), filled(1.0), filled(1.0), filled(1.0)])
    assert math.isnan(decisions[1].regularised or 0)
    assert decisions[1].rate == 1


def test_published_windows():
    assert default_window(30) == (4, 26)
    assert default_window(100) == (10, 90)


def test_probe_locations():
    assert AdaCacheConfig(BOOK).blocks(28) == (13,)  # upstream's cache_loc
    assert AdaCacheConfig(BOOK, locations="end").blocks(4) == (3,)
    assert AdaCacheConfig(BOOK, locations=(3, 0)).blocks(4) == (0, 3)
    assert len(AdaCacheConfig(BOOK, locations=(0, 3), residual="cross-mlp").probes(4)) == 4
    with pytest.raises(ValueError, match="block 4 does not exist; the model has 4"):
        AdaCacheConfig(BOOK, locations=(4,)).blocks(4)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"formula": "mine"}, "official, paper, got 'mine'"),
        ({"distance": "l3"}, "l1, l2, cosine, got 'l3'"),
        ({"residual": "all"}, "got 'all'"),
        ({"locations": "middle"}, "got 'middle'"),
        ({"locations": ()}, "1 to 64 blocks"),
        ({"locations": (-1,)}, "probed block must be a whole number from 0 to 1000, got -1"),
    ],
)
def test_bad_settings_are_named(settings: dict[str, object], said: str):
    with pytest.raises(ValueError, match=said):
        AdaCacheConfig(BOOK, **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "settings",
    [
        {"strides": ()},
        {"strides": (0,)},
        {"reference": 0},
        {"divisor": -1},
        {"gradient_scale": -1},
        {"window": (9, 4)},
    ],
)
def test_bad_motion_settings_are_rejected(settings: dict[str, object]):
    with pytest.raises(ValueError, match="motion"):
        MotionRegularisation(**settings)  # type: ignore[arg-type]


def test_a_subsampled_probe_measures_every_kth_patch():
    # Patches 0 and 2 change from 1 to 2, patches 1 and 3 not at all.
    before, after = (torch.tensor(v).view(1, 1, 4, 1) for v in ([1.0, 1, 1, 1], [2.0, 1, 2, 1]))
    whole = drive(AdaCacheConfig(BOOK, locations="start"), [before, after])[1][1]
    every = drive(AdaCacheConfig(BOOK, locations="start", subsample=2), [before, after])[1][1]
    assert whole.distance == pytest.approx(0.5)
    assert every.distance == pytest.approx(1.0)
    policy = AdaCache(AdaCacheConfig(BOOK, locations="start", subsample=2))
    policy.start(RunShape((2.0, 1.0), depth=1))
    policy.plan(1)
    policy.observe(PROBE, before)
    assert policy.held_bytes() == before.nbytes // 2
    with pytest.raises(ValueError, match="subsample must be a whole number from 1"):
        AdaCacheConfig(BOOK, subsample=0)


@pytest.mark.parametrize("applied", [True, False])
def test_motion_is_shown_by_the_models_constants_whether_it_is_applied_or_not(applied: bool):
    # Frame distance |1 - 3| / (1 + 3) = 0.5 in every step: score (0.5 / 0.25)^2 = 4, gradient 2 * (4 - 1) / 1.
    of_model = MotionRegularisation(reference=0.25, power=2, gradient_scale=2, window=(1, 9))
    config = AdaCacheConfig(BOOK, locations="start", motion=of_model if applied else None)
    policy = AdaCache(config)
    policy.start(RunShape((3.0, 2.0, 1.0), depth=1, motion=of_model))
    for step in (1, 2):
        policy.plan(step)
        policy.observe(PROBE, filled(1, 3))
        decision = policy.end_step()
    assert (decision.motion, decision.motion_score, decision.motion_gradient) == (0.5, 4, 6)


def test_a_models_runs_know_what_motion_means_for_it():
    assert CARD.run_shape((2.0, 1.0)).motion == CARD.motion
