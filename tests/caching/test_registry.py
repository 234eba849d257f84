"""A method is one file: once registered it is on the command line, in comparisons, FLOPs and on the page."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import pytest

from app.__main__ import main
from app.caching import registry
from app.caching.fields import Field
from app.caching.method import MethodKind, WholeStackMethod
from app.caching.names import named_method, names
from app.caching.policy import Granularity, Plan, RunShape
from app.caching.registry import kinds, method_from_json, method_to_json, register
from app.caching.schedule import Scheduled
from app.caching.titles import title_of
from app.common.validation import whole
from app.evaluation.comparison.palette import colour_of
from app.evaluation.comparison.plan import families, family_of, methods_of, usual
from app.generation.events import Compared
from app.generation.pair import generate_pair
from app.generation.request import Request
from app.metrics.flops import flops
from app.models.sprites.card import CARD as SPRITES
from components.studio.method import about_props, choices, read_method
from tests.components.test_settings import filled
from tests.support.tiny import TinyVideoModel


@dataclass(frozen=True)
class FrontLoadedConfig(WholeStackMethod):
    """first: so many steps are computed, and none after them."""

    first: int = 4

    granularity: ClassVar[Granularity] = "sum"

    def __post_init__(self) -> None:
        super().__post_init__()
        whole("first", self.first, 1, 1000)

    def plans(self, run: RunShape) -> tuple[Plan, ...]:
        """The first steps, then none."""
        return tuple("all" if step < self.first else "none" for step in range(run.steps))


@pytest.fixture
def front_loaded(monkeypatch: pytest.MonkeyPatch) -> MethodKind:
    kinds()  # everything shipped is there first
    monkeypatch.setattr(registry, "_REGISTERED", dict(registry._REGISTERED))
    return register(
        MethodKind(
            name="front-loaded",
            title="Front loaded",
            description="Computes the first steps only.",
            source="made up",
            config=FrontLoadedConfig,
            build=Scheduled,
            order=99,
            setting="first",
            fields=(Field("first", "First steps", "So many are computed, and none after them."),),
            points=("5",),
        )
    )


def test_a_made_up_method_is_everywhere(
    front_loaded: MethodKind, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    method = named_method("front-loaded-3+forecast", "sprites")
    assert method == FrontLoadedConfig(3, reuse="forecast")
    assert method_from_json(method_to_json(method)) == method
    assert "front-loaded-NUMBER" in names("sprites")

    assert main(["methods", "--json"]) == 0
    listed = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert listed["front-loaded"]["points"] == ["5"]

    events = list(
        generate_pair(Request("tiny", "a test", method, steps=5), tmp_path, load=lambda _: TinyVideoModel())
    )
    compared = events[-1]
    assert isinstance(compared, Compared), compared
    assert compared.trace.computed_steps("accelerated") == [1, 2, 3]
    assert compared.summary["method"] == "front-loaded"

    assert "front-loaded-5" in usual(SPRITES, 30)
    compared_methods = methods_of(SPRITES, 30, ["front-loaded-2..4"])
    assert [m.first for m in compared_methods.values() if isinstance(m, FrontLoadedConfig)] == [2, 3, 4]
    assert family_of(method) == "Front loaded+forecast"
    assert family_of(method) in families()
    assert colour_of("Front loaded") != colour_of("AdaCache")
    cost = [flops("sprites", m, "64x64", 16, 30, 8, "all") for m in (method, replace(method, first=30), None)]
    assert cost[0] < cost[1] == cost[2]

    assert ("Front loaded", "front-loaded") in choices(SPRITES)
    assert about_props(SPRITES, "front-loaded")["text"] == "Computes the first steps only."
    assert title_of(method, "sprites") == "Front loaded, 3 + forecast"
    assert read_method(SPRITES, filled(method)) == method


def test_a_name_is_taken_once(front_loaded: MethodKind) -> None:
    with pytest.raises(ValueError, match="a method 'front-loaded' is registered already"):
        register(front_loaded)
