"""TFLOPs of a whole generation with a method, in two conventions, without weights or GPU.

"all" counts everything; "paper" leaves out the attention products of kernels that a profiler does not see into,
which reproduces AdaCache's Table 1: all of Open-Sora's (docs/upstream-quirks.md, 26), only cross-attention's in
Open-Sora-Plan and Latte.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Literal, get_args

from app.caching.branches import Branch, Kind
from app.caching.method import Method
from app.caching.plans import decides_while_running, recorded_plans, static_plans
from app.caching.policy import Plan, RunShape
from app.caching.record import StepRecord
from app.metrics.countable import Countable, Workload
from app.metrics.countable_latte import Latte
from app.metrics.countable_open_sora import OpenSora
from app.metrics.countable_open_sora_plan import OpenSoraPlan
from app.metrics.countable_sprites import Sprites
from app.metrics.flop_count import Count, StepCount

Convention = Literal["all", "paper"]
SIZES = {"144p": (144, 256), "240p": (240, 426), "360p": (360, 640), "480p": (480, 854), "720p": (720, 1280)}
TERA = 1e12
COUNTABLE: dict[str, Countable] = {
    "open-sora-1.2": OpenSora(),
    "open-sora-plan-1.1": OpenSoraPlan(),
    "latte-1": Latte(),
    "sprites": Sprites(),
}


def flops(
    model: str,
    method: Method | None,
    resolution: str,
    frames: int,
    steps: int,
    text_tokens: int,
    convention: Convention,
    records: Sequence[StepRecord] | None = None,
) -> float:
    """TFLOPs of a video: text encoder, guided denoising steps and decoder.

    method: none for no acceleration. resolution: a name, or HEIGHTxWIDTH in pixels. records: the steps of a run,
    which a method needs that decides while it runs. A ValueError says what is not known or does not fit.
    """
    if model not in COUNTABLE:
        raise ValueError(f"FLOPs of {model!r} cannot be counted here; models: {', '.join(COUNTABLE)}")
    if convention not in get_args(Convention):
        raise ValueError(f"convention must be one of {', '.join(get_args(Convention))}, got {convention!r}")
    countable = COUNTABLE[model]
    work = Workload(*parse_resolution(resolution), frames, steps, text_tokens)
    step = step_count(model, work)
    if convention == "paper":
        step = without_attention(step, countable.unseen)
    denoising = sum(planned(step, plan) for plan in plans_of(model, method, work, records))
    return (denoising + countable.encode_text(work).total + countable.decode(work).total) / TERA


def compute_share(model: str, method: Method, work: Workload, records: Sequence[StepRecord]) -> float:
    """Share of the baseline's denoising FLOPs that a run of a method computed; `work` is the baseline's.

    A ValueError where they cannot be counted.
    """
    return sum(step_shares(model, method, work, records)) / len(plans_of(model, None, work, None))


def step_shares(model: str, method: Method, work: Workload, records: Sequence[StepRecord]) -> tuple[float, ...]:
    """The FLOPs of every step of a run, each a share of those of a whole step; a ValueError as above."""
    if model not in COUNTABLE:
        raise ValueError(f"FLOPs of {model!r} cannot be counted here; models: {', '.join(COUNTABLE)}")
    step = step_count(model, work)
    plans = plans_of(model, method, work, records if decides_while_running(method) else None)
    return tuple(planned(step, plan) / planned(step, "all") for plan in plans)


def plans_of(
    model: str, method: Method | None, work: Workload, records: Sequence[StepRecord] | None
) -> tuple[Plan, ...]:
    """What each step of a run computes, where the baseline does `work`."""
    countable = COUNTABLE[model]
    if method is not None:
        work = replace(work, steps=method.run_steps(work.steps))
    run = RunShape(countable.schedule(work), countable.depth, countable.layout)
    return recorded_plans(records, run) if records is not None else static_plans(method, run)


def parse_resolution(resolution: str) -> tuple[int, int]:
    """(height, width) of a name such as 480p, which is 9:16, or of 480x854."""
    if resolution in SIZES:
        return SIZES[resolution]
    sides = resolution.split("x")
    if len(sides) != 2 or not all(side.isdecimal() for side in sides):
        raise ValueError(f"resolution must be one of {', '.join(SIZES)} or HEIGHTxWIDTH, got {resolution!r}")
    return int(sides[0]), int(sides[1])


def step_count(model: str, work: Workload) -> StepCount:
    """One step of a model, counted once for a size, whatever the number of steps; seconds for the large models."""
    return _step_count(model, replace(work, steps=1, flow_shift=None))


def without_attention(step: StepCount, kinds: frozenset[Kind]) -> StepCount:
    """A step without the attention products of some kinds of branches."""
    branches = {b: n - Count(n.attention, n.attention) if b.kind in kinds else n for b, n in step.branches.items()}
    return StepCount(step.rest, branches)


def planned(step: StepCount, plan: Plan) -> int:
    """FLOPs of a step that computes only what its plan says."""

    def computes(branch: Branch) -> bool:
        return plan == "all" or (plan != "none" and branch in plan)

    return step.rest.total + sum(count.total for branch, count in step.branches.items() if computes(branch))


@cache
def _step_count(model: str, work: Workload) -> StepCount:
    return COUNTABLE[model].step(work)
