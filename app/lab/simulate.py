"""What-if: the schedule a codebook would choose on a recorded run, and what it would save and cost.

The recorded residuals are those of the unaccelerated trajectory. A real accelerated run drifts from it, so a
simulated schedule is a prediction; `python -m app simulate --check` and the Lab measure how far it is off.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from app.caching.distances import change, motion, order_of
from app.caching.method import ReuseOption, WholeStackMethod
from app.caching.methods.adacache import AdaCacheConfig, AdaptiveSchedule, Measurement
from app.caching.motion import MotionRegularisation
from app.caching.policy import Decision, Plan, RunShape
from app.caching.registry import build_policy, kind_of
from app.caching.schedule import Scheduled
from app.lab.latent_signals import NEEDED, latent_change
from app.lab.recording import Recording

Measuring = Callable[[Recording, AdaCacheConfig, int, Sequence[int]], list[Measurement]]


@dataclass(frozen=True)
class Simulation:
    """A predicted run. decisions: one a computed step; error: mean relative change of the probe residual between
    each step and the computed step whose residual it would use (0 at computed steps)."""

    computed: tuple[int, ...]
    decisions: tuple[Decision, ...]
    speedup: float
    error: float


def simulate(recording: Recording, config: AdaCacheConfig, measured: Measuring | None = None) -> Simulation:
    """Follow AdaCache over a recording; a ValueError says if the recording does not hold what it needs.

    `measured` is asked instead of `measure`, once in every computed step.
    """
    check_probe(recording, config)
    schedule = AdaptiveSchedule(config, recording.steps)
    computed: list[int] = []
    decisions: list[Decision] = []
    for step in range(1, recording.steps + 1):
        if schedule.computes(step):
            decisions.append(schedule.decide((measured or measure)(recording, config, step, computed[-1:-3:-1])))
            computed.append(step)
    fast = speedup(recording, computed, config.reuse)
    return Simulation(tuple(computed), tuple(decisions), fast, reuse_error(recording, computed))


def planned(recording: Recording, method: WholeStackMethod) -> Simulation:
    """A schedule known before the run, on a recording; a ValueError for a method that decides while it runs."""
    policy = build_policy(method)
    if not isinstance(policy, Scheduled):
        raise ValueError(
            f"{kind_of(method).title} decides while it runs, by a signal that a recording does not keep; "
            "even, fixed-interval, magcache and steps are known before"
        )
    plans = method_plans(policy, RunShape(recording.timesteps, recording.depth))
    computed = tuple(step for step, plan in enumerate(plans, start=1) if plan == "all")
    longest = max(after - before for before, after in pairwise((*computed, recording.steps + 1)))
    known = longest - 1 <= recording.max_lag
    error = reuse_error(recording, computed) if known else math.nan
    return Simulation(computed, (), speedup(recording, computed, method.reuse), error)


def method_plans(policy: Scheduled, run: RunShape) -> tuple[Plan, ...]:
    """What a scheduled policy computes in each step of a run."""
    policy.start(run)
    return tuple(policy.plan(step) for step in range(1, run.steps + 1))


def speedup(recording: Recording, computed: Sequence[int], reuse: ReuseOption = "hold") -> float:
    """Predicted speedup from the recorded costs of a computed and of a reused step."""
    whole = recording.steps * recording.computed_seconds
    reused = (recording.steps - len(computed)) * reused_seconds(recording, reuse)
    return whole / (len(computed) * recording.computed_seconds + reused)


def reused_seconds(recording: Recording, reuse: ReuseOption) -> float:
    """Of a step that is not computed; what scales by a probe runs the first block in it."""
    probe = recording.computed_seconds / recording.depth if reuse == "probe-scaled" else 0.0
    return recording.reused_seconds + probe


def reuse_error(recording: Recording, computed: list[int] | tuple[int, ...]) -> float:
    """Mean over all steps of the relative change since the computed step whose residual is used."""
    total, last, at = 0.0, 0, 0
    for step in range(1, recording.steps + 1):
        if at < len(computed) and computed[at] == step:
            last, at = step, at + 1
        else:
            total += recording.distance(step, step - last)
    return total / recording.steps


def check_probe(recording: Recording, config: AdaCacheConfig) -> None:
    """A recording answers only for the probe it was made with, and for latent signals if it keeps velocities."""
    if config.latent_signal is not None:
        if recording.velocities is None:
            raise ValueError(NEEDED)
        _check_lag(recording, config.rate(0, recording.steps))
        return
    if config.residual != recording.residual:
        raise ValueError(f"the recording is of {recording.residual}, the method probes {config.residual}")
    if config.blocks(recording.depth) != recording.blocks:
        probed = config.blocks(recording.depth)
        raise ValueError(f"the recording is of blocks {recording.blocks}, the method probes {probed}")
    if config.subsample not in (1, recording.subsample):
        kept = f"the recording is of every {recording.subsample}. patch"
        raise ValueError(f"{kept}, the method measures every {config.subsample}.")
    _check_lag(recording, config.rate(0, recording.steps))
    if config.motion is not None and not set(config.motion.strides) <= set(recording.probes[0].frames[1]):
        raise ValueError(
            f"the recording holds motion at strides 1, 2, 4, the method asks for {config.motion.strides}"
        )


def _check_lag(recording: Recording, rate: int) -> None:
    if rate > recording.max_lag:
        raise ValueError(f"a cache rate of {rate} looks back further than the recorded {recording.max_lag} steps")


def measure(recording: Recording, config: AdaCacheConfig, step: int, kept: Sequence[int]) -> list[Measurement]:
    """What the probes measure in a computed step; `kept`: the computed steps before it, newest first."""
    if (signal := config.latent_signal) is not None:
        return [Measurement(latent_change(recording, signal, step, kept), None)]
    order, relative = order_of(config.distance), config.formula == "official"
    strides = (config.motion or MotionRegularisation()).strides
    measurements = []
    for probe in recording.probes:
        changed = None
        if kept:
            changed = change(probe.change[order][step - 1][step - kept[0] - 1], config.distance, relative=relative)
        frames = [probe.frames[order][stride][step - 1] for stride in strides]
        measurements.append(Measurement(changed, motion(frames, config.distance, relative=relative)))
    return measurements
