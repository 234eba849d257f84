"""generate_pair() with every method: it runs, says what it computed, and leaves a trace that reads back."""

import json
from pathlib import Path

import pytest

from app.caching.codebook import Codebook, presets
from app.caching.method import Method
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.methods.delta_dit import DeltaDiTConfig, DeltaInterval
from app.caching.methods.dicache import DiCacheConfig
from app.caching.methods.easycache import EasyCacheConfig
from app.caching.methods.even_steps import EvenStepsConfig
from app.caching.methods.fewer_steps import FewerStepsConfig
from app.caching.methods.first_block import FirstBlockConfig
from app.caching.methods.fixed_interval import FixedIntervalConfig
from app.caching.methods.listed_steps import ListedStepsConfig
from app.caching.methods.magcache import MagCacheConfig
from app.caching.methods.pab import PABConfig
from app.caching.methods.seacache import SeaCacheConfig
from app.caching.methods.teacache import TeaCacheConfig
from app.caching.methods.tgate import TGATEConfig
from app.caching.names import named_method
from app.caching.registry import kind_of, kinds, method_to_json
from app.generation.events import Compared, Event, Failed
from app.generation.pair import generate_pair
from app.generation.request import Request
from app.generation.trace import Trace
from tests.support.tiny import TinyVideoModel

MODEL = TinyVideoModel()
STEPS = 6
BRANCHES = 24
# Each method with the computed branches of its six steps; none where it adapts.
METHODS: tuple[tuple[Method, list[int] | None], ...] = (
    (AdaCacheConfig(Codebook((0.2, 1.0), (2, 1))), None),
    (AdaCacheConfig(Codebook((0.2, 1.0), (2, 1)), reuse="forecast", made_for=12), None),
    (PABConfig(2, 2, 2, window=(0, 1000)), [24, 8, 24, 8, 24, 8]),
    (TGATEConfig(gate=3, window=(1, 2), interval=2), [24, 16, 24, 16, 16, 16]),
    (DeltaDiTConfig((DeltaInterval((1, 4), (0, 2)),)), [24, 6, 24, 6, 24, 24]),
    (FixedIntervalConfig(3), [24, 0, 0, 24, 0, 0]),
    (EvenStepsConfig(computed=2), [24, 0, 0, 24, 0, 0]),
    (TeaCacheConfig(0.2), None),
    (FirstBlockConfig(0.2), None),
    (FewerStepsConfig(4), [24, 24, 24, 24]),
    (FewerStepsConfig(4, solver="dpm-2m"), [24, 24, 24, 24]),
    (FixedIntervalConfig(3, reuse="forecast-2"), [24, 0, 0, 24, 0, 0]),
    (FixedIntervalConfig(3, reuse="probe-scaled"), [24, 6, 6, 24, 6, 6]),
    (ListedStepsConfig((1, 3)), [24, 0, 24, 0, 0, 0]),
    (MagCacheConfig(1.0, 2, 0.4), [24, 24, 0, 0, 24, 0]),
    (EasyCacheConfig(0.0, 2), [24, 24, 24, 24, 24, 24]),
    (EasyCacheConfig(1000.0, 2), [24, 24, 0, 0, 0, 24]),
    (EasyCacheConfig(1000.0, 2, reuse="probe-scaled"), [24, 24, 6, 6, 6, 24]),
    (DiCacheConfig(1000.0, 0.4), [24, 24, 6, 6, 6, 6]),
    (DiCacheConfig(0.0, reuse="hold"), [24, 24, 24, 24, 24, 24]),
    (SeaCacheConfig(1000.0), [24, 0, 0, 0, 0, 24]),
)


def run(method: Method, folder: Path) -> list[Event]:
    request = Request(model="tiny", prompt="a test", method=method, steps=STEPS)
    return list(generate_pair(request, folder, load=lambda _: MODEL))


@pytest.mark.parametrize(("method", "computed"), METHODS, ids=lambda value: type(value).__name__)
def test_every_method_races(method: Method, computed: list[int] | None, tmp_path: Path):
    compared = run(method, tmp_path)[-1]
    assert isinstance(compared, Compared), compared
    records = compared.trace.records["accelerated"]
    counts = [BRANCHES if r.computed == "all" else 0 if r.computed == "none" else r.computed for r in records]
    if computed is not None:
        assert counts == computed
    assert counts[0] == BRANCHES
    assert compared.summary["computed_fraction"] == sum(counts) / (STEPS * BRANCHES)
    assert compared.summary["method"] == kind_of(method).name
    assert {"name": compared.summary["method"], **compared.summary["settings"]} == method_to_json(method)
    saved = json.loads((tmp_path / "trace.json").read_text())
    assert Trace.from_json(saved) == compared.trace
    json.dumps(compared.summary, allow_nan=False)


def test_all_methods_are_raced():
    assert {kind_of(method) for method, _ in METHODS} == set(kinds().values())


def test_two_races_of_a_method_are_the_same(tmp_path: Path):
    for method in (FirstBlockConfig(0.2), TeaCacheConfig(0.2)):
        videos = []
        for name in ("first", "second"):
            folder = tmp_path / name
            folder.mkdir(exist_ok=True)
            run(method, folder)
            videos.append((folder / "accelerated.mp4").read_bytes())
        assert videos[0] == videos[1]


@pytest.mark.parametrize(
    ("method", "said"),
    [
        (FewerStepsConfig(7), "the shorter schedule has 7 steps, more than the baseline's 6"),
        (DeltaDiTConfig(), "Delta-DiT block 5 does not exist; the model has 4 blocks"),
    ],
)
def test_what_does_not_fit_the_run_is_said(method: Method, said: str, tmp_path: Path):
    failed = run(method, tmp_path)[-1]
    assert isinstance(failed, Failed)
    assert said in failed.message


def test_every_preset_is_named_with_its_own_codebook():
    for id, preset in presets().items():
        method = named_method(f"adacache-{id}", "sprites")
        assert isinstance(method, AdaCacheConfig)
        assert method.codebook == preset.codebook, id
    assert len({str(preset.codebook) for preset in presets().values()}) > 5
