"""python -m app selftest: every model with every method on small random weights; exits 0 only if all holds.

On a GPU it goes on with full-size random weights of Open-Sora 1.2 and says what its steps cost (docs/gpu.md).
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING, Any

import torch

from app.models.registry import CARDS, card
from app.models.runtime.device import device_name
from app.models.runtime.memory import release_memory
from app.models.runtime.memory_plan import NotEnoughMemory
from app.workers.workers import Workers

if TYPE_CHECKING:
    from app.selftest.measure import FullSize

MEASURED = "open-sora-1.2"  # at full size, on a GPU


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "selftest", help="try every model and method on small random weights", allow_abbrev=False
    )
    parser.set_defaults(run=run)
    parser.add_argument("--model", help="only this one")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--json", action="store_true", help="one JSON object at the end instead of a line a check")
    parser.add_argument(
        "--workers", type=int, metavar="N", help="models tried at a time (default: a core each; on a GPU one)"
    )


def run(options: argparse.Namespace) -> int:
    """Print a line a check, then how many hold, then what full-size steps cost on a GPU."""
    from app.selftest.suite import Testing  # imports diffusers

    models = list(CARDS) if options.model is None else [card(options.model).id]
    device = device_of(options.device)
    cores = 1 if device.type == "cuda" else min(os.cpu_count() or 1, len(models))
    workers = Workers(cores if options.workers is None else options.workers)
    name = device_name(uses_gpu=device.type == "cuda")
    started = time.perf_counter()
    checks = []
    for _, made in workers.results(Testing(str(device)), models, Path(gettempdir())):
        checks += made
        for check in () if options.json else made:
            print(check, flush=True)
    failed = sum(not check.holds for check in checks)
    seconds = time.perf_counter() - started
    measured = full_size(models, device)
    if options.json:
        found = {
            "device": name,
            "seconds": round(seconds, 1),
            "failed": failed,
            "checks": list(map(asdict, checks)),
            "full_size": list(map(asdict, measured)),
        }
        print(json.dumps(found, indent=2))
    else:
        verdict = "all hold" if not failed else f"{failed} FAILED"
        print(f"{len(checks)} checks on {name} in {seconds:.0f} s: {verdict}")
        for line in (line for found in measured for line in found.lines()):
            print(line)
    return 0 if checks and not failed else 1


def full_size(models: Sequence[str], device: torch.device) -> "list[FullSize]":
    """What full-size steps cost, on a GPU and with Open-Sora among the models; what does not fit is named."""
    if device.type != "cuda" or MEASURED not in models:
        return []
    from app.selftest.measure import SETTINGS, measure

    found = []
    for setting in SETTINGS:
        try:
            found.append(measure(setting, device, torch.bfloat16))
        except NotEnoughMemory as error:
            print(f"{setting.title} is left out: {error}", file=sys.stderr)
        release_memory()
    return found


def device_of(choice: str) -> torch.device:
    """The device that is asked for; a ValueError where it is not there."""
    if choice == "cpu" or (choice == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise ValueError(f"there is no GPU that PyTorch {torch.__version__} can use; --device cpu tries the CPU")
    return torch.device("cuda", torch.cuda.current_device())
