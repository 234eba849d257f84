"""Every registered method with settings by which it reuses something in a run of a few steps of the tiny model."""

from functools import lru_cache

from app.caching.codebook import Codebook
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
from app.caching.methods.pab import MLPBroadcast, PABConfig
from app.caching.methods.seacache import SeaCacheConfig
from app.caching.methods.teacache import TeaCacheConfig
from app.caching.methods.tgate import TGATEConfig
from app.caching.policy import RunShape
from app.caching.record import StepRecord
from app.caching.registry import build_policy, kind_of
from app.generation.denoiser import Denoiser
from tests.support.tiny import CARD, TinyVideoModel

SHORT: tuple[Method, ...] = (
    AdaCacheConfig(Codebook((1.0,), (2,))),
    DeltaDiTConfig((DeltaInterval((2, 6), (1, 2)),)),
    DiCacheConfig(0.5),
    EasyCacheConfig(0.5, warmup=2),
    EvenStepsConfig(4),
    FewerStepsConfig(5),
    FirstBlockConfig(1.0),
    FixedIntervalConfig(3),
    ListedStepsConfig((1, 2, 6)),
    MagCacheConfig(0.3, ratios=(1.0, 0.9)),
    PABConfig(window=(100, 960), mlp=MLPBroadcast((951, 736), (0, 1), 1)),
    SeaCacheConfig(1.0),
    TeaCacheConfig(0.5),
    TGATEConfig(gate=4, window=(1, 5)),
)


def short_method(name: str) -> Method:
    """The method of a registered name; a new one has to be given here."""
    return next(method for method in SHORT if kind_of(method).name == name)


@lru_cache
def denoised(method: Method, steps: int) -> tuple[RunShape, tuple[StepRecord, ...]]:
    """What a method may know of a run of the tiny model, and its records; the baseline makes so many `steps`."""
    model = TinyVideoModel()
    run = Denoiser.start(
        model,
        model.encode_prompt("a test"),
        build_policy(method),
        seed=0,
        steps=method.run_steps(steps),
        guidance=CARD.guidance,
    ).finish()
    return run.cache.run, tuple(run.records)
