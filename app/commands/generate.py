"""python -m app generate: one run from the command line, its videos, trace and summary in a folder.

python -m app generate --model sprites --prompt "a dog moving right fast over snow" --codebook fast --out out
"""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tqdm import tqdm

from app.commands.options import add_method_options, add_seed_option, add_size_options, method_from, size_from
from app.commands.runs import RUNS
from app.common.timestamps import read_timestamp
from app.generation import run_notes
from app.generation.events import BaselineFound, Compared, Event, Failed, Loading, Started, Step
from app.generation.kept_baseline import none_kept
from app.generation.pair import generate_pair
from app.generation.request import Request
from app.generation.summary import speed_text
from app.generation.trace import steps_of
from app.metrics.registry import quality_text
from app.models.registry import card
from app.runs.store import RunStore


def add_parser(commands: Any) -> None:
    """Register the command and its options."""
    parser = commands.add_parser("generate", help="generate a video with and without AdaCache", allow_abbrev=False)
    parser.set_defaults(run=run)
    parser.add_argument("--model", default="sprites", help="a model of `python -m app models`")
    parser.add_argument("--prompt", required=True)
    add_seed_option(parser)
    parser.add_argument("--steps", type=int, help="denoising steps (default: the model's)")
    parser.add_argument("--guidance", type=float, help="guidance scale (default: the model's)")
    add_size_options(parser)
    add_method_options(parser)
    parser.add_argument("--sequential", action="store_true", help="finish the baseline first, measure undisturbed")
    parser.add_argument(
        "--reuse-baseline",
        type=Path,
        nargs="?",
        const=RUNS,
        metavar="RUNS",
        help="take the baseline from an earlier run in this folder of runs (default: runs), if there is one",
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the results")


def run(options: argparse.Namespace) -> int:
    """Run, show progress, and leave the results in the folder; on failure it is left as it was."""
    request = request_from(options)
    kept = RunStore(options.reuse_baseline).baseline if options.reuse_baseline else none_kept
    with staging_folder(options.out) as folder:
        summary = follow(generate_pair(request, folder, sequential=options.sequential, kept=kept))
    print(
        f"{speed_text(summary)}  {summary['computed_steps']} of {summary['baseline_steps']} steps computed  "
        f"{summary['baseline_seconds']:.2f} s -> {summary['accelerated_seconds']:.2f} s  "
        f"{quality_text(summary['quality'])}  seed {request.seed}  {options.out}"
    )
    for sentence in summary["speed_notes"]:
        print(sentence)
    return 0


def request_from(options: argparse.Namespace) -> Request:
    """The request the options describe; a ValueError names what is wrong with them."""
    model = card(options.model)
    return Request(
        model=model.id,
        prompt=options.prompt,
        method=method_from(options, model),
        seed=options.seed,
        steps=model.steps if options.steps is None else options.steps,
        guidance=model.guidance if options.guidance is None else options.guidance,
        size=size_from(options, model),
    )


def follow(events: Iterator[Event]) -> dict[str, Any]:
    """Show the run as a progress bar; returns its summary, or raises what ended it."""
    with tqdm(unit="step", delay=1e-9) as bar:  # not drawn before the first step
        for event in events:
            match event:
                case Loading(message=message):
                    bar.set_description(message)
                case Started():
                    bar.total = sum(steps_of(event.request, len(event.timesteps)).values())
                    tell(bar, run_notes.before(event.request) + run_notes.of_prompt(event.ignored))
                case BaselineFound(measured=measured, same=same):
                    tell(bar, run_notes.of_baseline(read_timestamp(measured), same))
                case Step(side=side):
                    bar.set_description(side)
                    bar.update()
                case Failed(message=message):
                    raise ValueError(message)
                case Compared(trace=trace, summary=summary):
                    tell(bar, run_notes.after(trace))
                    return summary
    raise RuntimeError("the run ended without a result")


def tell(bar: Any, sentences: list[str]) -> None:
    """Print sentences on stderr, above the progress bar."""
    for sentence in sentences:
        bar.write(sentence, file=sys.stderr)


@contextmanager
def staging_folder(out: Path) -> Iterator[Path]:
    """A folder whose files move into `out` if the block succeeds; otherwise `out` is as it was."""
    missing = [folder for folder in (out, *out.parents) if not folder.exists()]
    try:
        out.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(dir=out, prefix=".generating-"))
        try:
            yield staging
            for path in sorted(staging.iterdir()):
                os.replace(path, out / path.name)
        finally:
            shutil.rmtree(staging)
    except BaseException:
        for folder in missing:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        raise
