"""python -m app selftest: every model with every method on small random weights; exits 0 only if all holds."""

import argparse
import json
import os
import time
from dataclasses import asdict
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import torch

from app.models.registry import CARDS, card
from app.models.runtime.device import device_name
from app.workers.workers import Workers


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
    """Print a line a check, then how many hold."""
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
    if options.json:
        found = {
            "device": name,
            "seconds": round(seconds, 1),
            "failed": failed,
            "checks": list(map(asdict, checks)),
        }
        print(json.dumps(found, indent=2))
    else:
        verdict = "all hold" if not failed else f"{failed} FAILED"
        print(f"{len(checks)} checks on {name} in {seconds:.0f} s: {verdict}")
    return 0 if checks and not failed else 1


def device_of(choice: str) -> torch.device:
    """The device that is asked for; a ValueError where it is not there."""
    if choice == "cpu" or (choice == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise ValueError(f"there is no GPU that PyTorch {torch.__version__} can use; --device cpu tries the CPU")
    return torch.device("cuda", torch.cuda.current_device())
