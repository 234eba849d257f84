"""Replay of recorded AdaCache runs: computed steps, rates and distances of every step, and the final latent."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from app.caching.cache import ResidualCache
from app.caching.codebook import Codebook
from app.caching.methods.adacache import AdaCacheConfig, ProbeResidual
from app.caching.methods.adacache_policy import AdaCache
from app.caching.motion import MotionRegularisation
from app.caching.policy import NoCache, RunShape
from app.models.networks.stdit3 import STDiT3
from app.models.samplers.rectified_flow import euler_step, guide, timesteps
from tests.golden.result import Replay, Result, largest_error, read_json, read_tensors
from tests.golden.stdit3 import load_transformer

DISTANCE_TOLERANCE = 1e-4  # relative
RESIDUALS: dict[str, ProbeResidual] = {
    "t-attn": "temporal-attn",
    "s-attn": "spatial-attn",
    "ca-mlp": "cross-mlp",
}


def replay_runs(path: Path, *, folded: bool = True) -> Iterator[Result]:
    """Every run of an adacache_runs.json."""
    recording, tensors = read_json(path), read_tensors(path)
    model = load_transformer((path.parent / recording["weights"]).with_suffix(".json"))
    for name, run in recording["runs"].items():
        yield replay_run(f"{path.stem}.{name}", run, tensors, model, folded)


def replay_run(name: str, run: dict[str, Any], tensors: dict[str, Tensor], model: STDiT3, folded: bool) -> Result:
    """Sample with the run's settings and compare every decision on the way."""
    config = run["config"]
    policy = AdaCache(adacache_config(config)) if config["do_cache"] else NoCache()
    size = {side: float(tensors[f"arg.{side}"][0]) for side in ("height", "width")}
    frames = int(tensors["arg.num_frames"][0])
    schedule = timesteps(config["num_sampling_steps"], frames=frames, **size)
    cache = ResidualCache(policy, RunShape(schedule, model.config.depth), folded=folded)

    suffix = "2" if "z2" in run["inputs"] else ""
    latent, text, mask = (tensors[key + suffix] for key in ("z", "y", "mask"))
    frame_mask = tensors["xmask_run_mask"].bool() if "xmask_run_mask" in run["inputs"] else None
    null = model.y_embedder.y_embedding[None, None].expand_as(text)
    computed, problems, recorded = [], [], list(run["trace"])
    for timestep in schedule:
        cache.begin_step()
        with torch.inference_mode():
            out = model(
                latent.repeat(2, 1, 1, 1, 1),
                torch.full((2 * len(latent),), timestep),
                torch.cat([text, null]),
                mask,
                None if frame_mask is None else frame_mask.repeat(2, 1),
                fps=tensors["arg.fps"],
                height=tensors["arg.height"],
                width=tensors["arg.width"],
                cache=cache,
            )
            conditional, unconditional = out.chunk(2, dim=1)[0].chunk(2)
            velocity = guide(conditional, unconditional, run["cfg_scale"])
            moved = euler_step(latent, velocity, schedule, cache.step)
        latent = moved if frame_mask is None else torch.where(frame_mask[:, None, :, None, None], moved, latent)
        if cache.computed:
            computed.append(cache.step)
        decision = cache.end_step()
        if isinstance(policy, AdaCache):
            problems += compare_readings(policy, decision.regularised, decision.rate, recorded, cache.step)
    if recorded:
        problems.append(f"{len(recorded)} recorded measurements were never made")
    equal = computed == run["computed_steps"]
    return Result(name, largest_error(latent, tensors[f"final.{run_name(name)}"]), equal, "; ".join(problems[:1]))


def compare_readings(
    policy: AdaCache, regularised: float | None, rate: int | None, recorded: list[dict[str, Any]], step: int
) -> list[str]:
    """Compare a step's measurements with the next recorded ones, which are taken off the list."""
    problems: list[str] = []
    entry: dict[str, Any] | None = None
    for reading in policy.readings:
        if not recorded or recorded[0]["fwd_id"] != step:
            return [f"step {step}: a measurement that was not recorded"]
        entry = recorded.pop(0)
        if not close(reading.distance, entry["raw_rel_distance"]):
            problems.append(
                f"step {step}: distance {reading.distance:.6g}, recorded {entry['raw_rel_distance']:.6g}"
            )
    if entry is not None:
        # The motion score is a power of a measurement, which multiplies its relative error by the exponent.
        power = policy.config.motion.power if policy.config.motion else 1.0
        if regularised is None or not close(regularised, entry["final_cache_diff"], max(1.0, power)):
            problems.append(f"step {step}: looked up {regularised}, recorded {entry['final_cache_diff']:.6g}")
        if rate != entry["new_rate"]:
            problems.append(f"step {step}: rate {rate}, recorded {entry['new_rate']}")
    return problems


def adacache_config(config: dict[str, Any]) -> AdaCacheConfig:
    """The settings of a recorded run in our words."""
    motion = None
    if config.get("apply_moreg"):
        # Upstream writes the divisor 1.2 as "1,2": a fourth number, which nothing reads
        # (docs/upstream-quirks.md, 9).
        reference, power, divisor = config["moreg_hyp"][:3]
        motion = MotionRegularisation(
            strides=tuple(config["moreg_strides"]),
            reference=reference,
            power=power,
            divisor=divisor,
            gradient_scale=config["mograd_mul"],
            window=tuple(config["moreg_steps"]),
        )
    thresholds, rates = zip(*config["codebook"], strict=True)
    return AdaCacheConfig(
        Codebook(thresholds, rates),
        residual=RESIDUALS[config.get("cache_res", "t-attn")],
        locations=tuple(config["cache_loc"]),
        motion=motion,
    )


def close(value: float, recorded: float, factor: float = 1.0) -> bool:
    """Equal to 1e-4 relative, times `factor`."""
    return abs(value - recorded) <= factor * DISTANCE_TOLERANCE * abs(recorded)


def run_name(name: str) -> str:
    """The run's own name in the recording."""
    return name.split(".", 1)[1]


REPLAYS = (Replay("adacache_runs.json", replay_runs),)
