"""python -m app generate: one run from the command line, its videos, trace and summary in a folder.

python -m app generate --model sprites --prompt "a dog moving right fast over snow" --codebook fast --out out
python -m app generate --prompts FILE makes a run of every prompt of a file and keeps them in the folder of runs.
python -m app generate --loops 3 ... extends a clip twice, and --extend FOLDER one that was made before.
torchrun --nproc-per-node 2 -m app generate ... makes each video in two processes, one a GPU.
"""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

from app.commands.batch import Batch
from app.commands.loops import Loop, loops_of
from app.commands.options import (
    add_method_options,
    add_preset_option,
    add_seed_option,
    add_settings_options,
    add_size_options,
    add_workers_options,
    images_from,
    method_from,
    settings_from,
    size_from,
    workers_from,
)
from app.commands.progress import follow, progress
from app.commands.runs import RUNS
from app.distributed.launch import is_first_process, joined_processes, process_count, shared_model
from app.generation.image_files import ImageFiles
from app.generation.kept_baseline import none_kept
from app.generation.pair import generate_pair
from app.generation.presets import PRESETS, Preset
from app.generation.prompt_file import MAX_BYTES, check_prompts, read_prompt_file
from app.generation.request import Request
from app.generation.summary import speed_text
from app.generation.watching import unwatched
from app.lab.pair_recorder import PairRecorder
from app.metrics.registry import quality_text
from app.models.base import VideoModel
from app.models.doctor import missing
from app.models.registry import card, load_model
from app.runs.run import load_run
from app.runs.store import RunStore
from app.workers.workers import Workers


def add_parser(commands: Any) -> None:
    """Register the command and its options."""
    parser = commands.add_parser("generate", help="generate a video with and without AdaCache", allow_abbrev=False)
    parser.set_defaults(run=run)
    parser.add_argument("--model", default="sprites", help="a model of `python -m app models`")
    prompts = parser.add_mutually_exclusive_group(required=True)
    prompts.add_argument("--prompt")
    prompts.add_argument(
        "--prompts", type=Path, metavar="FILE", help="a prompt a line, or .json (docs/command-line.md)"
    )
    add_seed_option(parser)
    parser.add_argument("--steps", type=int, help="denoising steps (default: the model's)")
    parser.add_argument("--guidance", type=float, help="guidance scale (default: the model's)")
    add_size_options(parser)
    add_settings_options(parser)
    add_method_options(parser)
    add_preset_option(parser)
    parser.add_argument(
        "--loops", type=int, default=1, metavar="N", help="clips, each going on from the last, in one video"
    )
    parser.add_argument("--sequential", action="store_true", help="finish the baseline first, measure undisturbed")
    parser.add_argument(
        "--reuse-baseline",
        type=Path,
        nargs="?",
        const=RUNS,
        metavar="RUNS",
        help="take the baseline from an earlier run in this folder of runs (default: runs), if there is one",
    )
    parser.add_argument("--weights", type=Path, metavar="FOLDER", help="checkpoints in the published layout")
    add_workers_options(parser)
    parser.add_argument(
        "--out", type=Path, help=f"folder for the results; with --prompts of runs (default: {RUNS})"
    )


def run(options: argparse.Namespace) -> int:
    """Make the one run that is asked for, or those of a file."""
    if options.prompts is not None:
        return run_prompt_file(options)
    if options.out is None:
        raise ValueError("--prompt needs --out, a folder for the results")
    return run_prompt(options)


def run_prompt(options: argparse.Namespace) -> int:
    """Make the run, or the loops, of one prompt; of loops, those that were made stay where a later one fails."""
    request = request_from(options, options.prompt)
    check_preset(options, request)
    if options.overlap is not None and options.extend is None and options.loops == 1:
        raise ValueError("--overlap is for --extend or --loops, which go on from a clip")
    if workers_from(options) != Workers():
        raise ValueError("--workers and --ray share out the runs of --prompts; for one video there is torchrun")
    several = process_count() > 1
    if several and options.reuse_baseline:
        raise ValueError("--reuse-baseline takes one process: several make a baseline of other bits")
    if several and options.loops > 1:
        raise ValueError("--loops takes one process; under torchrun make one clip and give it to --extend")
    loops = loops_of(request, options)
    make(loops[0], options.extend, options)
    for before, loop in pairwise(loops):
        make(loop, before.out, options)
    return 0


def make(loop: Loop, earlier: Path | None, options: argparse.Namespace) -> None:
    """Run, show progress, and leave the results in the loop's folder; on failure it is left as it was.

    earlier: the folder of the run that it goes on from. Processes that share the videos make the same step at the
    same time, so the baseline is finished first. They all do the same work; what the others than the first write
    is thrown away.
    """
    request, several = loop.request, process_count() > 1
    clip = None if earlier is None else load_run(earlier, earlier.name).clip()
    kept = RunStore(options.reuse_baseline).baseline if options.reuse_baseline else none_kept
    results = staging_folder(loop.out) if is_first_process() else scratch_folder()
    with joined_processes(), results as folder, progress([request]) as bar:
        events = generate_pair(
            request,
            folder,
            sequential=options.sequential or several,
            load=loader(options),
            kept=kept,
            images=images_from(options),
            clip=clip,
            watch=unwatched if several else PairRecorder.of,
        )
        summary = follow(events, bar)
    if is_first_process():
        report(summary, loop.out)


def loader(options: argparse.Namespace) -> Callable[[str], VideoModel]:
    """What loads a model: from --weights where given, and as one of the processes that share its videos."""
    weights = () if options.weights is None else (options.weights,)
    return lambda model, **precision: shared_model(load_model(model, *weights, **precision))


def report(summary: dict[str, Any], out: Path) -> None:
    """Print what was measured, and what several processes sent each other for it."""
    print(
        f"{speed_text(summary)}  {summary['computed_steps']} of {summary['baseline_steps']} steps computed  "
        f"{summary['baseline_seconds']:.2f} s -> {summary['accelerated_seconds']:.2f} s  "
        f"{quality_text(summary['quality'])}  seed {summary['seed']}  {out}"
    )
    for sentence in summary["speed_notes"]:
        print(sentence)
    if exchanged := summary["exchanged_bytes"]:
        print(
            f"{process_count()} processes exchanged {exchanged['baseline'] / 1e6:,.2f} MB for the baseline, "
            f"{exchanged['accelerated'] / 1e6:,.2f} MB for the accelerated side (by step in trace.json)"
        )


def run_prompt_file(options: argparse.Namespace) -> int:
    """Make the runs of a file that are not among the runs yet; a table at the end, also after Ctrl-C."""
    if process_count() > 1:
        raise ValueError("--prompts takes one process; under torchrun give --prompt")
    if options.extend is not None or options.loops > 1:
        raise ValueError("--extend and --loops are for one clip; give them with --prompt")
    like, workers = request_from(options, prompt="one of the file"), workers_from(options)
    check_preset(options, like)
    if options.reuse_baseline and workers != Workers():
        raise ValueError("--reuse-baseline looks into this process's runs; give it without --workers and --ray")
    files = ImageFiles(options.prompts.parent, images_from(options))
    with options.prompts.open("rb") as file:
        wanted = read_prompt_file(file.read(MAX_BYTES + 1), str(options.prompts), like, card(like.model), files)
    check_prompts(wanted, str(options.prompts), loader(options)(like.model).encode_prompt)
    store = RunStore(options.out or RUNS)
    kept = RunStore(options.reuse_baseline).baseline if options.reuse_baseline else none_kept
    batch = Batch(store, kept, sequential=options.sequential, load=loader(options), images=files.images)
    missing = batch.missing(wanted)
    try:
        with progress([one.request for one in missing]) as bar:
            if workers == Workers():
                for number, one in enumerate(missing, start=1):
                    batch.make(one, bar, f"{number} of {len(missing)}, ")
            else:
                batch.make_elsewhere(missing, workers, options.weights, bar)
    except KeyboardInterrupt:
        print("interrupted; the same command goes on with what is missing", file=sys.stderr)
        return 130
    finally:
        print(batch.table(wanted))
    return 1 if batch.failed else 0


def request_from(options: argparse.Namespace, prompt: str) -> Request:
    """The request the options describe; a ValueError names what is wrong with them."""
    model = card(options.model)
    size = size_from(options, model)
    return Request(
        model=model.id,
        prompt=prompt,
        method=method_from(options, model),
        seed=options.seed,
        steps=model.steps if options.steps is None else options.steps,
        guidance=model.guidance if options.guidance is None else options.guidance,
        size=size,
        **vars(settings_from(options, model, size)),
    )


def check_preset(options: argparse.Namespace, request: Request) -> None:
    """A ValueError where a preset lacks its image, or its model something of this machine at that size."""
    preset: Preset | None = options.preset
    if preset is None:
        return
    if preset.starts_from_image and request.image is None:
        first = next(id for id, other in PRESETS.items() if not other.starts_from_image)
        raise ValueError(f"--preset {preset.id} needs --image, a first frame such as baseline.png of {first}")
    if options.weights is None and (refusal := missing(request.model, request.size)):
        raise ValueError(refusal)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


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
