"""python -m app vbench: VBench's prompts for generate, videos laid out for it, its evaluation, and its scores.

vbench prompts --out vbench.json, generate --prompts vbench.json, vbench export --out DIR, vbench run, import
"""

import argparse
from pathlib import Path
from typing import Any

from app.commands.runs import RUNS
from app.common.files import check_writable, read_json, write_json
from app.common.tables import aligned
from app.common.validation import whole
from app.evaluation.vbench.export import export
from app.evaluation.vbench.package import evaluate, info_path, read_prompts
from app.evaluation.vbench.scores import BY_ID, DIMENSIONS, MAX_BYTES, aggregate, read_results
from app.runs.store import RunStore

VIDEOS_A_PROMPT = 5  # that VBench's leaderboard asks for
SCORES = "vbench.json"


def add_parser(commands: Any) -> None:
    """Register the command and its acts."""
    parser = commands.add_parser("vbench", help="VBench: prompts, videos, evaluation, scores", allow_abbrev=False)
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    prompts = acts.add_parser("prompts", help="its prompts, for generate --prompts", allow_abbrev=False)
    prompts.set_defaults(run=run_prompts)
    prompts.add_argument("--info", type=Path, help="VBench_full_info.json (default: the installed package's)")
    prompts.add_argument("--dimensions", help="names separated by commas (default: all)")
    prompts.add_argument("--videos", type=int, default=VIDEOS_A_PROMPT, help="a prompt, with seeds 0, 1, ...")
    prompts.add_argument("--out", type=Path, required=True, help="JSON file to write")
    laid_out = acts.add_parser("export", help="videos of runs as VBench wants them", allow_abbrev=False)
    laid_out.set_defaults(run=run_export)
    laid_out.add_argument("--runs", type=Path, default=RUNS, help=f"the folder of runs (default: {RUNS})")
    laid_out.add_argument("--info", type=Path, help="VBench_full_info.json, to tell its prompts from others")
    laid_out.add_argument("--out", type=Path, required=True, help="folder to write, a folder a method in it")
    judged = acts.add_parser("run", help="call the installed package on exported videos", allow_abbrev=False)
    judged.set_defaults(run=run_evaluation)
    judged.add_argument("videos", type=Path, help="a method's folder")
    judged.add_argument("--dimensions", default=",".join(BY_ID), help="names separated by commas (default: all)")
    judged.add_argument("--custom", action="store_true", help="the prompts are not VBench's own")
    judged.add_argument("--out", type=Path, required=True, help="folder for the result file")
    scores = acts.add_parser("import", help="bring result files into a comparison's folder", allow_abbrev=False)
    scores.set_defaults(run=run_import)
    scores.add_argument("results", type=Path, nargs="+", help="result files of one method")
    scores.add_argument("--method", required=True, help="its name in the comparison; none is the baseline")
    scores.add_argument("--comparison", type=Path, required=True, help=f"folder; {SCORES} in it is written")


def run_prompts(options: argparse.Namespace) -> int:
    """Write the prompts with their seeds."""
    whole("videos", options.videos, 1, 1000)
    check_writable(options.out)
    prompts = read_prompts(options.info or info_path(), _names(options.dimensions))
    seeds = list(range(options.videos))
    write_json(options.out, [{"prompt": prompt, "seed": seeds} for prompt in prompts])
    print(f"{options.out}: {len(prompts)} prompts of VBench, {len(prompts) * len(seeds)} videos")
    return 0


def run_export(options: argparse.Namespace) -> int:
    """Lay the videos out and say what VBench will not find in its list."""
    runs = RunStore(options.runs).runs()
    if not runs:
        raise ValueError(f"there are no runs in {options.runs}")
    known = frozenset(read_prompts(options.info)) if options.info else frozenset()
    found = export(runs, options.out, known)
    for folder, count in found.videos.items():
        print(f"{options.out / folder}: {count} videos")
    if options.info and found.custom:
        print(f"{len(found.custom)} prompts are not VBench's own; evaluate them with --custom")
    return 0


def run_evaluation(options: argparse.Namespace) -> int:
    """Call the package."""
    if not options.videos.is_dir():
        raise ValueError(f"{options.videos} is no folder of videos")
    dimensions = _names(options.dimensions)
    print(evaluate(options.videos, options.videos.name, dimensions, options.out, standard=not options.custom))
    return 0


def run_import(options: argparse.Namespace) -> int:
    """Add a method's scores to the comparison's and print all of them."""
    raw: dict[str, float] = {}
    for path in options.results:
        for name, score in read_results(path).items():
            if raw.setdefault(name, score) != score:
                raise ValueError(f"{path.name}: {name} was {raw[name]:g} in an earlier file and is {score:g} here")
    if not options.comparison.is_dir():
        raise ValueError(f"{options.comparison} is no folder of a comparison")
    place = options.comparison / SCORES
    kept = read_json(place, MAX_BYTES) if place.is_file() else {}
    kept[options.method] = raw
    write_json(place, kept)
    print(_table(kept))
    for method, scores in kept.items():
        if missing := aggregate(scores).missing:
            print(f"{method}: no total without {', '.join(missing)}")
    return 0


def _table(kept: dict[str, dict[str, float]]) -> str:
    """Aggregates first, then the raw scores of the dimensions, in per cent as VBench prints them."""
    measured = [dimension.id for dimension in DIMENSIONS if any(dimension.id in raw for raw in kept.values())]
    head = ["method", "total", "quality", "semantic", *(name.replace("_", " ") for name in measured)]
    lines = [head]
    for method, raw in kept.items():
        score = aggregate(raw)
        values = (score.total, score.quality, score.semantic, *(raw.get(name) for name in measured))
        lines.append([method, *("-" if value is None else f"{100 * value:.2f}" for value in values)])
    return aligned(lines, right=range(1, len(head)))


def _names(text: str | None) -> list[str]:
    return [] if text is None else [name.strip() for name in text.split(",")]
