"""python -m app calibrate-model: a codebook for a model, its steps and size, which the page then offers.

python -m app calibrate-model --model open-sora-1.2 --computed 12.4
"""

import argparse
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from app.caching.methods.adacache import AdaCacheConfig
from app.commands.options import EVERY_STEP, add_seed_option, add_size_options, size_from
from app.commands.runs import RUNS
from app.common.files import check_writable, read_lines
from app.lab.folder import RecordingsFolder
from app.lab.model_calibration import (
    Target,
    calibrate_model,
    preset_name,
    preset_of,
    prompts_for,
    usual_target,
)
from app.lab.record import check_recordable
from app.models.base import at_size
from app.models.registry import card, load_model
from app.runs.codebooks import FOLDER, CodebookStore

MAX_PROMPT_BYTES = 200_000


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "calibrate-model", help="make a codebook for a model, its steps and size", allow_abbrev=False
    )
    parser.set_defaults(run=run)
    parser.add_argument("--model", default="sprites")
    parser.add_argument(
        "--prompts", type=Path, help="text file, one prompt a line (default: a few of the model's own)"
    )
    wished = parser.add_mutually_exclusive_group()
    wished.add_argument("--computed", type=float, help="mean number of computed steps (default: 0.4 of them)")
    wished.add_argument("--speedup", type=float, help="instead: the predicted speedup on this machine")
    parser.add_argument("--steps", type=int, help="denoising steps (default: the model's)")
    add_size_options(parser)
    add_seed_option(parser)
    parser.add_argument("--weights", type=Path, metavar="FOLDER", help="checkpoints in the published layout")
    parser.add_argument(
        "--runs", type=Path, default=RUNS, help="folder of runs, for codebook and recordings (default: runs)"
    )


def run(options: argparse.Namespace) -> int:
    """Record what is missing, choose, keep the codebook, and say how it was made.

    Recordings are kept as soon as they are made, where the Lab finds them; what is interrupted goes on from there.
    """
    described = card(options.model)
    check_recordable(described)
    steps = described.steps if options.steps is None else options.steps
    prompts = prompts_for(described, read_lines(options.prompts, MAX_PROMPT_BYTES) if options.prompts else ())
    target = usual_target(steps)
    if options.computed is not None or options.speedup is not None:
        target = Target(options.computed, options.speedup)
    target.check(len(prompts), steps)
    size = size_from(options, described)
    folder = options.runs / "recordings"
    check_writable(folder / "recording.json")
    weights = () if options.weights is None else (options.weights,)
    model = at_size(load_model(options.model, *weights), size)
    method = AdaCacheConfig(EVERY_STEP)
    recordings = RecordingsFolder(folder, model, options.seed, steps, method, size).of(prompts)
    print(f"{folder}: {len(recordings)} recordings", file=sys.stderr)
    found, now = calibrate_model(recordings, described, method, target), datetime.now()
    kept = CodebookStore(options.runs / FOLDER).add(
        preset_name(described, recordings, now), preset_of(found, described, recordings, now)
    )
    print(f"{kept.id}: {kept.title}\n{kept.source}\n{found.codebook.to_json()}")
    print(f"The page offers it; on the command line: --codebook {options.runs / FOLDER / kept.id}.json")
    return 0
