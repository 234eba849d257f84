"""Sweeps of a comparison: what one name stands for, and what is said of names that stand for nothing."""

import pytest

from app.caching.codebook import presets
from app.evaluation.comparison.plan import methods_of
from app.evaluation.comparison.sweep import MOST, expand
from app.models.registry import card

SPRITES = card("sprites")


@pytest.mark.parametrize(
    ("name", "stands_for"),
    [
        ("pab-fast", ["pab-fast"]),
        ("steps-1-4-7", ["steps-1-4-7"]),
        ("even-8..10+forecast", ["even-8+forecast", "even-9+forecast", "even-10+forecast"]),
        ("fewer-steps-2..4+dpm-2m", [f"fewer-steps-{steps}+dpm-2m" for steps in (2, 3, 4)]),
        ("teacache-0.1..3.2", [f"teacache-{value}" for value in ("0.1", "0.2", "0.4", "0.8", "1.6", "3.2")]),
        ("magcache-1x..32x", [f"magcache-{value}x" for value in (1, 2, 4, 8, 16, 32)]),
    ],
)
def test_a_name_stands_for_a_curve(name: str, stands_for: list[str]) -> None:
    assert expand(name, SPRITES, 30) == stands_for


def test_a_star_stands_for_what_the_model_has_at_its_steps() -> None:
    made = [preset for preset, found in presets().items() if found.codebook.steps == 30]
    ours = [f"adacache-{preset}" for preset in made if preset.startswith("sprites-")]
    assert expand("adacache-sprites-*", SPRITES, 30) == ours
    assert expand("adacache-*", SPRITES, 100) == ["adacache-fast-100", "adacache-medium-100", "adacache-slow-100"]
    assert expand("pab-*", SPRITES, 30) == ["pab-fast", "pab-medium", "pab-slow"]
    whole = expand("*+forecast", SPRITES, 30)
    assert len(whole) == len(set(whole)) <= MOST
    assert all(name.endswith("+forecast") for name in whole)


@pytest.mark.parametrize("sweep", ["*", "adacache-sprites-*+forecast", "teacache-0.05..0.3", "magcache-1.5x..3x"])
def test_every_name_of_a_sweep_is_a_method(sweep: str) -> None:
    names = expand(sweep, SPRITES, 30)
    methods = methods_of(SPRITES, 30, [sweep])
    assert [name for name in methods if not name.startswith("fewer-steps-")] == names
    assert len({str(methods[name]) for name in names}) >= len(names) - 1  # magcache and its default are one


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("sparkle-*", "no method of sprites fits 'sparkle-\\*'; there are: adacache-fast"),
        ("pab-1..3", "'pab-1..3' is no method with a number; those are: even"),
        ("even-8..", "'even-8..' needs a number on either side"),
        ("teacache-0.1..x", "needs a number on either side, as in teacache-0.1..0.3"),
        ("teacache-0.1.2..0.3", "needs numbers such as 0.1"),
        ("teacache-0.3..0.1", "needs two numbers above 0, the lower one first"),
        ("magcache-1x..3", "needs a number on either side"),
        ("even-1..1000", "'even-1..1000' stands for 61 methods, accepted is at most 60"),
    ],
)
def test_what_stands_for_nothing_is_said(name: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        expand(name, SPRITES, 30)
