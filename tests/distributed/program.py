"""What test_sequence_parallel runs: tiny models and every method in groups of 2, 3 and 4 processes.

python -m tests.distributed.program CHECKPOINTS OUT, which forks, so that libraries and weights are loaded once.
"""

import sys
from datetime import timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple, cast

import torch
import torch.distributed as dist
from torch import Tensor

from app.caching.names import named_method
from app.caching.policy import NoCache
from app.caching.registry import build_policy
from app.distributed.frame_sharding import FrameSharding
from app.generation.denoiser import Denoiser
from app.models.base import Conditioning
from app.models.open_sora.model import OpenSora
from app.models.open_sora.model import load as load_open_sora
from app.models.open_sora_plan.model import OpenSoraPlan
from app.models.open_sora_plan.model import load as load_open_sora_plan
from app.models.preview import LatentToRGB
from tests.support import open_sora

STEPS = 12
PROCESSES = 4
BARS = ("none", "adacache-fast-moreg", "pab-slow")
OTHERS = (
    "tgate",
    "fixed-interval-3+forecast-2",
    "teacache-1",
    "first-block-0.4",
    "dicache-0.6+probe-scaled",
    "easycache-0.5",
    "seacache-0.4",
    "fewer-steps-6+dpm-2m",
)
Shared = OpenSora | OpenSoraPlan
Prepared = tuple[Shared, Conditioning]


class Result(NamedTuple):
    """What must be the same for any number of processes, and what they sent each other in each step."""

    latent: Tensor
    computed: list[object]
    exchanged: list[int | None]


def prepare(folder: Path) -> dict[str, Prepared]:
    """Tiny random checkpoints of both families that can be shared, ready for their first step."""
    found: dict[str, Prepared] = {}
    models: tuple[Shared, ...] = (
        load_open_sora(folder / "open-sora", open_sora.SIZE),
        load_open_sora_plan(folder / "open-sora-plan"),
    )
    for model in models:
        text = torch.randn(2, 1, *model.caption_shape, generator=torch.Generator().manual_seed(1))
        model.look = cast(LatentToRGB, object())  # no preview is looked at, so none is fitted
        model.prepare()
        found[model.card.id] = model, Conditioning(text, torch.ones(1, model.caption_shape[0]), (), ())
    return found


def denoise(model: Shared, conditioning: Conditioning, name: str) -> Result:
    """One run of a method, its latent with all frames."""
    method = None if name == "none" else named_method(name, model.card.id, model.card.motion)
    run = Denoiser.start(
        model,
        conditioning,
        NoCache() if method is None else build_policy(method),
        seed=3,
        steps=STEPS if method is None else method.run_steps(STEPS),
        guidance=7.0,
        solver="own" if method is None else method.solver,
    ).finish()
    records = run.records
    return Result(run.whole(run.latent), [r.computed for r in records], [r.exchanged_bytes for r in records])


def cases() -> list[tuple[int, str, str]]:
    """(processes, model, method): the bars, and every other method where 3 divides neither frames nor patches."""
    bars = [(n, "open-sora-1.2", name) for n in (2, 4) for name in BARS]
    plan = [(2, "open-sora-plan-1.1", name) for name in BARS]
    return [*bars, *plan, *((3, "open-sora-1.2", name) for name in OTHERS)]


def main(checkpoints: Path, out: Path) -> None:
    """Fork the processes and wait for them."""
    context = get_context("fork")
    store = out.with_suffix(".store")
    store.unlink(missing_ok=True)  # of an earlier call, which would end this one in a wait
    prepared = prepare(checkpoints)
    running = [context.Process(target=take_part, args=(rank, store, prepared, out)) for rank in range(PROCESSES)]
    for process in running:
        process.start()
    for process in running:
        process.join()
    sys.exit(max(abs(process.exitcode or 0) for process in running))


def take_part(rank: int, store: Path, prepared: dict[str, Prepared], out: Path) -> None:
    """Make all cases, each with as many of the processes as it asks for; the first process writes the results."""
    dist.init_process_group(
        "gloo", init_method=f"file://{store}", rank=rank, world_size=PROCESSES, timeout=timedelta(seconds=60)
    )
    groups = {n: dist.new_group(list(range(n))) for n in (2, 3, 4)}
    found = {}
    for processes, model, name in cases():
        if rank < processes:
            alone, conditioning = prepared[model]
            shared = alone.shared(partial(FrameSharding, group=groups[processes]))
            found[processes, model, name] = tuple(denoise(shared, conditioning, name))
        dist.barrier()
    if rank == 0:
        torch.save(found, out)
    dist.destroy_process_group()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
