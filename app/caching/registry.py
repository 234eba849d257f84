"""The registry of methods: what each is called, where it comes from, its settings, and how its policy is built.

Published settings for a model are JSON in assets/methods, one file a model.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.caching.methods.adacache import AdaCacheConfig
from app.caching.methods.adacache_policy import AdaCache
from app.caching.methods.delta_dit import DeltaDiT, DeltaDiTConfig
from app.caching.methods.fewer_steps import FewerStepsConfig
from app.caching.methods.first_block import FirstBlock, FirstBlockConfig
from app.caching.methods.fixed_interval import FixedIntervalConfig
from app.caching.methods.pab import PABConfig
from app.caching.methods.teacache import Accumulated, AccumulatedConfig
from app.caching.methods.tgate import TGATEConfig
from app.caching.policy import CachePolicy, NoCache
from app.caching.schedule import Scheduled
from app.caching.settings import read_settings, write_settings
from app.common.paths import METHODS
from app.common.validation import shown

Method = (
    AdaCacheConfig
    | PABConfig
    | TGATEConfig
    | DeltaDiTConfig
    | FixedIntervalConfig
    | AccumulatedConfig
    | FirstBlockConfig
    | FewerStepsConfig
)


@dataclass(frozen=True)
class MethodKind:
    """A method as people know it: a title, a paragraph that explains it, its source, and its code."""

    name: str
    title: str
    description: str
    source: str
    config: type[Method]
    build: Callable[[Any], CachePolicy]


KINDS: tuple[MethodKind, ...] = (
    MethodKind(
        "adacache",
        "AdaCache",
        "Measures, each time a step is computed, how much a residual in the middle of the model has changed since "
        "the last computed step. A codebook turns that distance into the number of steps for which everything is "
        "reused: quickly changing videos are computed often, calm ones rarely. Motion regularisation raises the "
        "distance of videos that move, so that they get more computation.",
        "Kahatapitiya et al. 2024, arXiv 2411.02397; github.com/AdaCache-DiT/AdaCache",
        AdaCacheConfig,
        AdaCache,
    ),
    MethodKind(
        "pab",
        "Pyramid Attention Broadcast",
        "In the middle of the schedule attention changes little from step to step, and the kinds differ: spatial "
        "attention changes most, temporal less, cross-attention least. Each is therefore computed every so many "
        "steps, the pyramid, and its output broadcast to the steps between; some MLPs likewise. The schedule is "
        "the same for every video.",
        "Zhao et al. 2024, arXiv 2408.12588; github.com/NUS-HPC-AI-Lab/VideoSys",
        PABConfig,
        Scheduled,
    ),
    MethodKind(
        "tgate",
        "T-GATE",
        "Cross-attention converges to a fixed point early: text plans the scene in the first steps and matters "
        "little afterwards. From the gate step on its output is frozen. Before the gate, self-attention is the "
        "part that can wait, and is computed only every k-th step. MLPs are always computed.",
        "Zhang et al. 2024, arXiv 2404.02747; video version in VideoSys, branch exp/tgate_deltadit",
        TGATEConfig,
        Scheduled,
    ),
    MethodKind(
        "delta-dit",
        "Delta-DiT",
        "Front blocks draw the outline, back blocks the detail. While the outline forms, a range of blocks is "
        "skipped in every other step and the difference between its output and input, the delta, is added "
        "from the step before. The code behind the published comparisons subtracts the delta where the paper adds "
        "it; both signs are here, named released and corrected.",
        "Chen et al. 2024, arXiv 2406.01125; video version in VideoSys, branch exp/tgate_deltadit",
        DeltaDiTConfig,
        DeltaDiT,
    ),
    MethodKind(
        "fixed-interval",
        "Fixed interval",
        "Computes every k-th step and reuses the sum of all residuals in the others. It is AdaCache with one rate "
        "for every video and every step, and shows what adapting adds.",
        "The static counterpart of AdaCache; with one interval for all layers also FORA, Selvaraju et al. 2024, "
        "arXiv 2407.01425",
        FixedIntervalConfig,
        Scheduled,
    ),
    MethodKind(
        "accumulated",
        "Accumulated distance (TeaCache)",
        "The input of the first block, already modulated by the timestep, is cheap to have in every step and "
        "changes along with the model's output. Its relative changes are added up, through a polynomial fitted to "
        "the model, and everything is reused until the sum reaches a threshold.",
        "Liu et al. 2024, arXiv 2411.19108; github.com/ali-vilab/TeaCache",
        AccumulatedConfig,
        Accumulated,
    ),
    MethodKind(
        "first-block",
        "First-block cache",
        "Computes the first block in every step and compares its residual with that of the last fully computed "
        "step. If it changed by less than a threshold, the other blocks would not have changed much either, and "
        "the sum of their residuals is reused.",
        "github.com/chengzeyi/ParaAttention, first_block_cache",
        FirstBlockConfig,
        FirstBlock,
    ),
    MethodKind(
        "fewer-steps",
        "Fewer steps",
        "Spends the same compute without any cache, on a shorter schedule. A cache is worth having only where it "
        "comes closer to the full run than this does.",
        "The plain alternative to caching",
        FewerStepsConfig,
        lambda _: NoCache(),
    ),
)


@dataclass(frozen=True)
class Published:
    """Settings of a method for one model, as its authors or the paper's comparison use them."""

    id: str
    title: str
    method: Method
    source: str


def kind_of(method: Method) -> MethodKind:
    """The registry's entry of a method."""
    return next(kind for kind in KINDS if isinstance(method, kind.config))


def build_policy(method: Method) -> CachePolicy:
    """A new policy, good for one run."""
    return kind_of(method).build(method)


def run_steps(method: Method, steps: int) -> int:
    """Denoising steps of the accelerated side, where the baseline makes `steps`."""
    return method.of(steps) if isinstance(method, FewerStepsConfig) else steps


def method_to_json(method: Method) -> dict[str, Any]:
    """A method's name and settings as JSON."""
    return {"name": kind_of(method).name, **write_settings(method)}


def method_from_json(value: object) -> Method:
    """Read what `method_to_json` wrote; settings left out have their defaults, unknown ones are ValueErrors."""
    if not isinstance(value, Mapping):
        raise ValueError(f"a method is a JSON object with a name, got {shown(value)}")
    settings = dict(value)
    name = settings.pop("name", None)
    for kind in KINDS:
        if kind.name == name:
            try:
                return read_settings(kind.config, settings)
            except ValueError as error:
                raise ValueError(f"{kind.title}: {error}") from None
    known = ", ".join(kind.name for kind in KINDS)
    raise ValueError(f"unknown method {shown(name)}; known: {known}")


def published(model: str) -> dict[str, Published]:
    """Published settings for a model by id, in the order of the file; empty where there are none."""
    path = METHODS / f"{model}.json"
    if not path.is_file():
        return {}
    entries = json.loads(path.read_text())
    return {
        id: Published(id, entry["title"], method_from_json(entry["method"]), entry["source"])
        for id, entry in entries.items()
    }
