"""Delta-DiT: which steps skip which blocks, what is folded, and the two signs."""

import pytest
import torch

from app.caching.methods.delta_dit import DeltaDiT, DeltaDiTConfig, DeltaInterval
from app.caching.policy import RunShape
from tests.support.tiny import STREAM_BYTES, sample

MIDDLE = (DeltaInterval(steps=(1, 6), blocks=(1, 2)),)


def skipped(config: DeltaDiTConfig, steps: int, depth: int) -> dict[int, list[int]]:
    plans = config.plans(RunShape(tuple(range(steps, 0, -1)), depth))
    partial = {step: plan for step, plan in enumerate(plans, 1) if not isinstance(plan, str)}
    return {step: sorted(set(range(depth)) - {branch.block for branch in plan}) for step, plan in partial.items()}


def test_every_gap_th_step_of_an_interval_skips_its_blocks():
    assert skipped(DeltaDiTConfig(MIDDLE, gap=2), 10, 4) == {2: [1, 2], 4: [1, 2], 6: [1, 2]}
    assert skipped(DeltaDiTConfig(MIDDLE, gap=3), 10, 4) == {3: [1, 2], 6: [1, 2]}


def test_two_intervals_have_blocks_of_their_own():
    config = DeltaDiTConfig((DeltaInterval((5, 6), (0, 0)), DeltaInterval((1, 2), (2, 3))))
    assert skipped(config, 8, 4) == {2: [2, 3], 6: [0]}
    policy = DeltaDiT(config)
    assert [policy.span(step) for step in (1, 3, 6)] == [slice(2, 4), slice(0, 0), slice(0, 1)]


@pytest.mark.parametrize("sign", ["released", "corrected"])
def test_folded_blocks_equal_single_branches_and_keep_one_tensor(sign: str):
    config = DeltaDiTConfig(MIDDLE, sign=sign)  # type: ignore[arg-type]
    folded, cache = sample(DeltaDiT(config))
    per_branch, _ = sample(DeltaDiT(config), folded=False)
    assert torch.allclose(folded, per_branch, atol=1e-5)
    assert cache.peak_bytes == 2 * STREAM_BYTES  # the delta, and the span's input while it is formed


def test_the_signs_differ_and_the_corrected_one_is_closer_to_the_full_run():
    full, _ = sample(DeltaDiT(DeltaDiTConfig((DeltaInterval((100, 101), (0, 0)),))))
    errors = [
        float((sample(DeltaDiT(DeltaDiTConfig(MIDDLE, sign=sign)))[0] - full).abs().mean())
        for sign in ("corrected", "released")
    ]
    assert errors[0] < errors[1] / 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"intervals": ()}, r"at least one interval, got \(\)"),
        ({"gap": 1}, "gap must be a whole number from 2 to 1000, got 1"),
        ({"sign": "plus"}, "one of released, corrected, got 'plus'"),
        (
            {"intervals": (DeltaInterval((4, 8), (0, 1)), DeltaInterval((1, 4), (0, 1)))},
            r"must not overlap, got steps \(1, 4\) and \(4, 8\)",
        ),
    ],
)
def test_bad_settings_are_named(change: dict[str, object], said: str):
    with pytest.raises(ValueError, match=said):
        DeltaDiTConfig(**change)  # type: ignore[arg-type]


def test_blocks_a_model_does_not_have_are_named():
    with pytest.raises(ValueError, match="block 5 does not exist; the model has 4 blocks"):
        DeltaDiTConfig().plans(RunShape((1.0,), 4))
