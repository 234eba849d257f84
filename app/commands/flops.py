"""python -m app flops: the TFLOPs of a whole generation with a method, without weights or GPU."""

import argparse
from typing import Any, get_args

from app.caching.names import named_method
from app.metrics.flops import Convention, flops


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser("flops", help="count the TFLOPs of a generation", allow_abbrev=False)
    parser.set_defaults(run=run)
    parser.add_argument("--model", required=True)
    parser.add_argument("--method", default="none", help="none, or a name of `python -m app methods`")
    parser.add_argument("--resolution", required=True, help="144p to 720p, or HEIGHTxWIDTH in pixels")
    parser.add_argument("--frames", type=int, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--text-tokens", type=int, required=True)
    parser.add_argument("--convention", choices=get_args(Convention), default="all")


def run(options: argparse.Namespace) -> int:
    """Print one number, in TFLOPs."""
    method = None if options.method == "none" else named_method(options.method, options.model)
    count = flops(
        options.model,
        method,
        options.resolution,
        options.frames,
        options.steps,
        options.text_tokens,
        options.convention,
    )
    print(f"{count:.2f}")
    return 0
