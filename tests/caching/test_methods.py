"""The registry: every method has a name, an explanation, a JSON form, a policy, and settings by name."""

import json

import pytest

from app.caching.codebook import Codebook
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
from app.caching.methods.pab import MLPBroadcast, PABConfig
from app.caching.methods.seacache import SeaCacheConfig
from app.caching.methods.teacache import TeaCacheConfig
from app.caching.methods.tgate import TGATEConfig
from app.caching.motion import MotionRegularisation
from app.caching.names import named_method, names
from app.caching.registry import (
    Method,
    build_policy,
    kind_of,
    kinds,
    method_from_json,
    method_to_json,
    published,
)

MODELS = ("open-sora-1.2", "open-sora-plan-1.1", "latte-1")
BOOK = Codebook((0.1, 1.0), (4, 1))
METHODS: tuple[Method, ...] = (
    AdaCacheConfig(BOOK),
    AdaCacheConfig(BOOK, locations=(0, 2), motion=MotionRegularisation(strides=(1, 2), window=(2, 8))),
    AdaCacheConfig(BOOK, reuse="forecast", made_for=100),
    PABConfig(),
    PABConfig(3, 5, 7, (100, 850.5), MLPBroadcast((676, 788), (0, 1, 2)), "bfloat16"),
    TGATEConfig(19, (1, 12), 3),
    DeltaDiTConfig(),
    DeltaDiTConfig((DeltaInterval((1, 6), (4, 7)), DeltaInterval((20, 29), (0, 3))), 3, "released"),
    FixedIntervalConfig(3),
    EvenStepsConfig(12, reuse="forecast"),
    TeaCacheConfig(0.2, (3.0, -1.5, 0.0)),
    FirstBlockConfig(0.08),
    FewerStepsConfig(12, solver="dpm-2m"),
    ListedStepsConfig((1, 2, 5), reuse="probe-scaled"),
    MagCacheConfig(0.06, 2, 0.1, (1.0, 0.9, 0.8), 1.5, reuse="forecast-2"),
    EasyCacheConfig(0.1, 3),
    DiCacheConfig(0.08, 0.25),
    DiCacheConfig(reuse="hold"),
    SeaCacheConfig(0.4, reuse="forecast"),
)


@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_json_round_trip(method: Method):
    copy = method_from_json(json.loads(json.dumps(method_to_json(method))))
    assert copy == method
    assert hash(copy) == hash(method)


def test_every_kind_is_explained_and_builds_a_policy_a_run():
    assert {kind_of(method).name for method in METHODS} == {kind.name for kind in kinds().values()}
    for method in METHODS:
        assert build_policy(method) is not build_policy(method)
    for kind in kinds().values():
        assert len(kind.description.split()) >= 25
        assert kind.source


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "a JSON object with a name, got nothing"),
        ({}, "unknown method nothing; known: adacache, even"),
        ({"name": "magic"}, "unknown method 'magic'"),
        ({"name": "adacache"}, "AdaCache: setting 'codebook' is missing"),
        ({"name": "adacache", "codebook": {"a": 1}}, "thresholds must be numbers, got 'a'"),
        ({"name": "adacache", "codebook": {"1": 1}, "motion": {"speed": 1}}, "unknown setting 'speed'"),
        ({"name": "adacache", "codebook": {"1": 1}, "motion": {"window": [1]}}, "window"),
        ({"name": "pab", "ranges": 3}, "unknown setting 'ranges'; there are: solver, spatial, temporal, cross"),
        ({"name": "pab", "window": 450}, "setting 'window' must be a list of at most 1000, got 450"),
        ({"name": "pab", "window": [1, "x"]}, "must be a finite number, got 'x'"),
        ({"name": "pab", "mlp": {"timesteps": [676]}}, "setting 'blocks' is missing"),
        ({"name": "pab", "mlp": 3}, "must be a JSON object, got 3"),
        ({"name": "tgate", "gate": "late"}, "got 'late'"),
        ({"name": "delta-dit", "intervals": [[1, 6]]}, "must be a JSON object"),
        ({"name": "fixed-interval", "interval": 2.5}, "got 2.5"),
        ({"name": "fewer-steps", "steps": None}, "must be a whole number, got nothing"),
    ],
)
def test_bad_json_is_named(value: object, said: str):
    with pytest.raises(ValueError, match=r"(?s).") as error:
        method_from_json(value)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("adacache-slow", AdaCacheConfig(Codebook((0.08, 0.16, 0.24, 1.0), (3, 2, 1, 1)))),
        ("fixed-interval-3", FixedIntervalConfig(3)),
        ("fewer-steps-12", FewerStepsConfig(12)),
        ("first-block-0.08", FirstBlockConfig(0.08)),
        ("accumulated-0.2", TeaCacheConfig(0.2)),
        ("teacache-0.3", TeaCacheConfig(0.3, (217.546007, -118.329252, 26.8662585, -0.0459364272, 0.048442624))),
        ("steps-1-4-9", ListedStepsConfig((1, 4, 9))),
        ("fixed-interval", FixedIntervalConfig()),
        ("fixed-interval-3+forecast", FixedIntervalConfig(3, reuse="forecast")),
        ("fixed-interval-3+forecast-2+dpm-2m", FixedIntervalConfig(3, reuse="forecast-2", solver="dpm-2m")),
        ("fewer-steps-10+dpm-2m", FewerStepsConfig(10, solver="dpm-2m")),
        ("dicache-0.2+hold", DiCacheConfig(0.2, reuse="hold")),
        ("easycache-0.1", EasyCacheConfig(0.1)),
        ("tgate", TGATEConfig(13, (1, 12), 2)),
    ],
)
def test_names(name: str, method: Method):
    assert kind_of(named_method(name, "open-sora-1.2")) is kind_of(method)
    if not isinstance(method, AdaCacheConfig):
        assert named_method(name, "open-sora-1.2") == method


def test_motion_comes_with_the_name():
    motion = MotionRegularisation(reference=0.2)
    regularised, plain = (named_method(f"adacache-fast{form}", "sprites", motion) for form in ("-moreg", ""))
    assert isinstance(regularised, AdaCacheConfig)
    assert isinstance(plain, AdaCacheConfig)
    assert (regularised.motion, plain.motion) == (motion, None)


def test_options_beyond_the_paper_come_with_the_name():
    book = Codebook((0.08, 0.16, 0.24, 1.0), (3, 2, 1, 1))
    method = named_method("adacache-slow-moreg-forecast-any-steps", "sprites")
    assert isinstance(method, AdaCacheConfig)
    assert (method.reuse, method.made_for, method.motion) == ("forecast", 30, MotionRegularisation())
    assert method.codebook.row(0.1) == book.row(0.1)
    plain = named_method("adacache-slow-forecast", "sprites")
    assert isinstance(plain, AdaCacheConfig)
    assert plain.made_for is None


@pytest.mark.parametrize("name", ["magic", "adacache-", "adacache-nope", "pab-slow", "tgate-3", ""])
def test_unknown_names_list_the_known_ones(name: str):
    with pytest.raises(ValueError, match=r"there are: adacache-fast-100\[-moreg\].*fewer-steps-NUMBER"):
        named_method(name, "no-such-model")
    assert name not in names("no-such-model")


@pytest.mark.parametrize("name", ["first-block-", "first-block-x", "fixed-interval-0.5", "fewer-steps-0"])
def test_bad_numbers_in_names_are_named(name: str):
    with pytest.raises(ValueError, match="got"):
        named_method(name, "sprites")


@pytest.mark.parametrize("model", MODELS)
def test_every_published_setting_can_be_named(model: str):
    assert len(published(model)) == (10 if model == "open-sora-1.2" else 8)
    for id, setting in published(model).items():
        assert named_method(id, model) == setting.method
        assert setting.source


def test_settings_published_for_a_model_come_with_a_number_of_ones_own():
    method = named_method("magcache-2.5x", "open-sora-1.2")
    assert isinstance(method, MagCacheConfig)
    assert (method.speedup, len(method.ratios), method.max_skips) == (2.5, 30, 3)
    assert method.ratios[1] == pytest.approx(0.93359**0.5, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("pab-slow+forecast", "brings its own reuse; forecast goes with adacache, even"),
        ("fixed-interval-3+guess", "no option 'guess' of a method; there are: hold, forecast"),
        ("steps-2-3", "a list that begins with 1, got"),
        ("steps-1-5-5", "computed steps must increase, got 5 before 5"),
        ("steps-1-x", "joined by -, such as 1-4-7, got '1-x'"),
        ("magcache-fast", "a threshold or a speedup such as 2.5x is expected, got 'fast'"),
    ],
)
def test_bad_names_say_what_is_expected(name: str, said: str):
    with pytest.raises(ValueError, match=r"(?s).") as error:
        named_method(name, "latte-1")
    assert said in str(error.value)
