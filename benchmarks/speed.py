"""Whether a stated speedup can be trusted on a busy machine: python -m benchmarks.speed

Both sides compute every step (fixed-interval-1), so the true speedup is 1: a few runs as the machine is, and as
many while another process keeps a core busy in bursts. A run passes whose stated speedup is within 5 % of 1 or
carries a word of doubt. Prints one line a run and one JSON line, with the ratio of the summed seconds beside.
"""

import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import Process
from pathlib import Path
from typing import Any

from app.caching.methods.fixed_interval import FixedIntervalConfig
from app.generation.events import Compared
from app.generation.pair import generate_pair
from app.generation.request import Request
from app.models.registry import load_model

ROUNDS = 4
HELD_TO = 0.05
BURSTS = (0.2, 2.0)  # shortest and longest seconds that the other process is busy, or rests


def main() -> int:
    """Measure; exit 1 if a speedup was wrong without a word."""
    model = load_model("sprites")
    request = Request(model.card.id, model.card.example_prompts[0], FixedIntervalConfig(1), steps=model.card.steps)
    runs = [measured(request, "as it is") for _ in range(ROUNDS)]
    for seed in range(ROUNDS):
        with busy_core(seed):
            runs.append(measured(request, "a core busy"))
    passed = [run["doubted"] or abs(run["stated"] - 1) <= HELD_TO for run in runs]
    print(json.dumps({"runs": runs, "held_to": HELD_TO, "reached": all(passed)}))
    return 0 if all(passed) else 1


def measured(request: Request, machine: str) -> dict[str, Any]:
    """One run of identical sides: what is stated, what the sums say, and whether it carries a word of doubt."""
    with tempfile.TemporaryDirectory() as folder:
        *_, last = generate_pair(request, Path(folder))
    assert isinstance(last, Compared)
    summary, sums = last.summary, last.summary["summed_seconds"]
    run = {
        "machine": machine,
        "stated": round(summary["speedup"], 3),
        "of_sums": round(sums["baseline"] / sums["accelerated"], 3),
        "step_spread": round(summary["step_spread"], 3),
        "doubted": bool(summary["speed_notes"]),
    }
    print("  ".join(f"{name} {value}" for name, value in run.items()), flush=True)
    return run


@contextmanager
def busy_core(seed: int) -> Iterator[None]:
    """Another process that computes in bursts of random length."""
    process = Process(target=_burn, args=(seed,), daemon=True)
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join()


def _burn(seed: int) -> None:
    choose = random.Random(seed)
    while True:
        until = time.monotonic() + choose.uniform(*BURSTS)
        while time.monotonic() < until:
            pass
        time.sleep(choose.uniform(*BURSTS))


if __name__ == "__main__":
    sys.exit(main())
