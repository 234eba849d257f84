"""Published settings decide as upstream's managers do, step by step (tests/golden/data/baseline_schedules.json).

In a recorded line a C is a computed step and a dot one that reuses.
"""

import json
from typing import Any

import pytest

from app.caching.branches import Branch, all_branches
from app.caching.policy import CachePolicy, RunShape
from app.caching.registry import build_policy, published
from app.models.samplers.rectified_flow import timesteps
from tests.support.paths import GOLDEN

RECORDED: dict[str, Any] = json.loads((GOLDEN / "baseline_schedules.json").read_text())
DEPTH = 28
SCHEDULES = {
    "open-sora-1.2": timesteps(30, height=480, width=854, frames=51),
    "open-sora-plan-1.1": tuple(RECORDED["timesteps"]["osp_pndm150"]),
    "latte-1": tuple(RECORDED["timesteps"]["latte_ddim50"]),
}
NAMES = {"open-sora-1.2": "opensora", "open-sora-plan-1.1": "osp110", "latte-1": "latte"}


def plans(model: str, id: str) -> list[set[Branch]]:
    policy: CachePolicy = build_policy(published(model)[id].method)
    run = RunShape(SCHEDULES[model], DEPTH)
    policy.start(run)
    planned = [policy.plan(step) for step in range(1, run.steps + 1)]
    named: dict[str, set[Branch]] = {"all": set(all_branches(DEPTH)), "none": set()}
    return [named[plan] if isinstance(plan, str) else set(plan) for plan in planned]


def line(steps: list[set[Branch]], part: str, kind: str) -> str:
    """A dot where at least one block reuses."""
    counts = [sum(b.part == part and b.kind == kind for b in computed) for computed in steps]
    return "".join("C" if count == DEPTH else "." for count in counts)


@pytest.mark.parametrize("model", SCHEDULES)
@pytest.mark.parametrize("speed", ["slow", "medium", "fast"])
def test_pab(model: str, speed: str):
    ranges = {"slow": (246, 236), "medium": (357, 347), "fast": (579, 469)}[speed][model == "latte-1"]
    recorded = RECORDED[f"pab_{NAMES[model]}_{ranges}"]
    steps = plans(model, f"pab-{speed}")
    assert line(steps, "spatial", "attn") == recorded["summary"]["spatial_reuse"]
    assert line(steps, "temporal", "attn") == recorded["summary"]["temporal_reuse"]
    for part in ("spatial", "temporal"):
        assert line(steps, part, "cross") == recorded["summary"]["cross_reuse"]
        for computed, row in zip(steps, recorded["rows"], strict=True):
            reused = {block for block in range(DEPTH) if Branch(block, part, "mlp") not in computed}
            assert reused == set(row[f"mlp_{part}_reused_blocks"])


@pytest.mark.parametrize("model", SCHEDULES)
def test_tgate(model: str):
    recorded = RECORDED[f"tgate_{NAMES[model]}"]
    steps = plans(model, "tgate")
    for part in ("spatial", "temporal"):
        assert line(steps, part, "attn") == recorded[part]
        assert line(steps, part, "cross") == recorded["cross"]
        assert line(steps, part, "mlp") == "C" * recorded["n_evals"]


@pytest.mark.parametrize("model", SCHEDULES)
@pytest.mark.parametrize("id", ["delta-dit", "delta-dit-released"])
def test_delta_dit(model: str, id: str):
    skipped = RECORDED[f"delta_{NAMES[model]}"]["skipped"]
    for index, computed in enumerate(plans(model, id)):
        blocks = {branch.block for branch in computed}
        assert sorted(set(range(DEPTH)) - blocks) == skipped.get(str(index), [])
