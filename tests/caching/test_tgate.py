"""T-GATE's arithmetic, by hand."""

import pytest

from app.caching.branches import Branch, Part
from app.caching.methods.tgate import TGATEConfig
from app.caching.policy import RunShape


def computed(config: TGATEConfig, steps: int, branch: Branch) -> list[int]:
    plans = config.plans(RunShape(tuple(range(steps, 0, -1)), 1))
    return [step for step, plan in enumerate(plans, 1) if branch in plan]


@pytest.mark.parametrize("part", ["spatial", "temporal"])
def test_attention_waits_before_the_gate_and_text_is_frozen_after_it(part: Part):
    config = TGATEConfig(gate=7, window=(1, 6), interval=3)
    assert computed(config, 10, Branch(0, part, "attn")) == [1, 4, 7, 8, 9, 10]
    assert computed(config, 10, Branch(0, part, "cross")) == [1, 2, 3, 4, 5, 6, 7]
    assert computed(config, 10, Branch(0, part, "mlp")) == list(range(1, 11))


def test_a_later_window_begins_with_a_computed_step():
    config = TGATEConfig(gate=10, window=(3, 8), interval=2)
    assert computed(config, 10, Branch(0, "spatial", "attn")) == [1, 2, 3, 5, 7, 9, 10]


def test_a_gate_past_the_end_has_no_effect():
    assert computed(TGATEConfig(gate=1000, interval=1), 4, Branch(0, "spatial", "cross")) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"gate": 0}, "gate must be a whole number from 1 to 1000, got 0"),
        ({"window": (12, 1)}, r"first <= last, got \(12, 1\)"),
        ({"window": (0, 12)}, "window must be a whole number from 1 to 1000, got 0"),
        ({"window": [1, 12]}, r"must be a pair \(first, last\), got \[1, 12\]"),
        ({"interval": 0}, "interval must be a whole number from 1 to 1000, got 0"),
    ],
)
def test_bad_settings_are_named(change: dict[str, object], said: str):
    with pytest.raises(ValueError, match=said):
        TGATEConfig(**change)  # type: ignore[arg-type]
