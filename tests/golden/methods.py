"""Replay of recorded PAB, T-GATE and Delta-DiT runs: every branch of every step, and the final latent."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from app.caching.branches import Branch, all_branches
from app.caching.cache import ResidualCache
from app.caching.method import Method
from app.caching.methods.delta_dit import DeltaDiTConfig, DeltaInterval, Sign
from app.caching.methods.pab import MLPBroadcast, PABConfig
from app.caching.methods.tgate import TGATEConfig
from app.caching.policy import RunShape
from app.caching.registry import build_policy
from app.models.networks.stdit3 import STDiT3
from app.models.samplers.rectified_flow import euler_step, guide, timesteps
from tests.golden.result import Replay, Result, largest_error, read_json, read_tensors
from tests.golden.stdit3 import load_transformer

STEPS = 30
GUIDANCE = 7.0


class Recorder(ResidualCache):
    """A cache that remembers which branches each step computed."""

    def __init__(self, method: Method, run: RunShape, *, folded: bool):
        super().__init__(build_policy(method), run, folded=folded)
        self.table: list[set[Branch]] = []

    def begin_step(self) -> None:
        super().begin_step()
        self.table.append(set())

    def branch(self, address: Branch, compute: Callable[[], Tensor]) -> Tensor:
        def recorded() -> Tensor:
            self.table[-1].add(address)
            return compute()

        return super().branch(address, recorded)


def replay_runs(
    method_of: Callable[[str, dict[str, Any]], Method], path: Path, *, folded: bool = True
) -> Iterator[Result]:
    """Every run of a recording of one method."""
    recording, tensors = read_json(path), read_tensors(path)
    model = load_transformer((path.parent / recording["weights"]).with_suffix(".json"))
    for name, run in recording["runs"].items():
        method = method_of(name, run["config"])
        latent, table = sample(method, tensors, model, bfloat16=name.endswith("_bf16ts"), folded=folded)
        wrong = [
            step for step, row in enumerate(run["table"]) if branches_of(row, model.config.depth) != table[step]
        ]
        problem = f"step {wrong[0] + 1} computes other branches" if wrong else ""
        error = largest_error(latent, tensors[f"final.{name}"])
        yield Result(f"{path.stem}.{name}", error, not wrong and len(table) == len(run["table"]), problem)


def sample(
    method: Method, tensors: dict[str, Tensor], model: STDiT3, *, bfloat16: bool, folded: bool
) -> tuple[Tensor, list[set[Branch]]]:
    """The final latent and what each step computed.

    `bfloat16` is how the published pipeline runs: the video's size and the timesteps the model sees are rounded to
    it, the Euler steps are not.
    """
    arguments = {side: tensors[f"arg{'bf16' * bfloat16}.{side}"] for side in ("fps", "height", "width")}
    size = {side: float(arguments[side][0]) for side in ("height", "width")}
    schedule = seen = timesteps(STEPS, frames=int(tensors["arg.num_frames"][0]), **size)
    if bfloat16:
        seen = tuple(torch.tensor(schedule).bfloat16().tolist())
    cache = Recorder(method, RunShape(seen, model.config.depth), folded=folded)
    null = model.y_embedder.y_embedding[None, None].expand_as(tensors["y"])
    text = torch.cat([tensors["y"], null])
    latent = tensors["z"]
    for timestep in seen:
        cache.begin_step()
        with torch.inference_mode():
            noisy = latent.repeat(2, 1, 1, 1, 1)
            out = model(noisy, torch.full((2,), timestep), text, tensors["mask"], cache=cache, **arguments)
            conditional, unconditional = out.chunk(2, dim=1)[0].chunk(2)
            velocity = guide(conditional, unconditional, GUIDANCE)
            latent = euler_step(latent, velocity, schedule, cache.step)
        cache.end_step()
    return latent, cache.table


def branches_of(row: dict[str, Any], depth: int) -> set[Branch]:
    """The computed branches of a recorded row, which says all, none or lists blocks for each kind of branch."""
    blocks = {"all": range(depth), "none": ()}

    def computed(branch: Branch) -> bool:
        value = row[f"{branch.part}_{branch.kind}"]
        return branch.block in (blocks[value] if isinstance(value, str) else value)

    return {branch for branch in all_branches(depth) if computed(branch)}


def pab(name: str, config: dict[str, Any]) -> PABConfig:
    """Recorded settings of PAB in our words; the three windows and the two MLP settings are equal in all runs."""
    mlp = config["mlp_spatial_broadcast_config"]
    first = next(iter(mlp.values()))
    broadcast = MLPBroadcast(tuple(int(key) for key in mlp), tuple(first["block"]), first["skip_count"])
    return PABConfig(
        spatial=config["spatial_range"],
        temporal=config["temporal_range"],
        cross=config["cross_range"],
        window=tuple(config["spatial_threshold"]),
        mlp=broadcast if config["mlp_broadcast"] else None,
    )


def tgate(name: str, config: dict[str, Any]) -> TGATEConfig:
    """Recorded settings of T-GATE in our words; spatial and temporal settings are equal in all runs."""
    first, last = config["spatial_threshold"]
    return TGATEConfig(config["cross_threshold"][0] + 1, (first + 1, last), config["spatial_gap"])


def delta_dit(name: str, config: dict[str, Any]) -> DeltaDiTConfig:
    """Recorded settings of Delta-DiT in our words."""
    sign: Sign = "corrected" if name.endswith("_signfixed") else "released"
    intervals = tuple(
        DeltaInterval((steps[0] + 1, steps[1] + 1), tuple(blocks)) for steps, blocks in config["delta_threshold"]
    )
    return DeltaDiTConfig(intervals, config["delta_gap"], sign)


REPLAYS = (
    Replay("pab_runs.json", partial(replay_runs, pab)),
    Replay("tgate_runs.json", partial(replay_runs, tgate)),
    Replay("deltadit_runs.json", partial(replay_runs, delta_dit)),
)
