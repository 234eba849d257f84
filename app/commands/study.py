"""python -m app study: make a user study of videos, and read what its participants answered."""

import argparse
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from shutil import rmtree
from typing import Any

from tqdm import tqdm

from app.caching.names import named_method
from app.commands.options import prompted_model
from app.common.files import atomic_path, check_writable
from app.evaluation.comparison.plan import read_prompts
from app.evaluation.user_study.answers import AnswerStore
from app.evaluation.user_study.create import check_plan, create_study
from app.evaluation.user_study.results import PairResult, Share, answers_csv, results_of
from app.evaluation.user_study.study import read_study
from app.generation.events import Compared, Failed
from app.generation.pair import generate_pair
from app.generation.request import Request
from app.runs.run import Run
from app.runs.store import RunStore, about_now

ANSWERS = Path("runs") / "studies" / "answers.sqlite"


def add_parser(commands: Any) -> None:
    """Register the command and its acts."""
    parser = commands.add_parser("study", help="a user study: which of two videos is better", allow_abbrev=False)
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    create = acts.add_parser("create", help="write a study as one file", allow_abbrev=False)
    create.set_defaults(run=run_create)
    create.add_argument("--runs", type=Path, help="a folder of runs: every two that differ in their method only")
    create.add_argument("--model", default="sprites", help="with --pair: the model that makes the videos")
    create.add_argument("--prompts", type=Path, help="with --pair: text file, one prompt a line")
    create.add_argument(
        "--pair",
        action="append",
        default=[],
        metavar="ONE:OTHER",
        help="instead of --runs: two methods to generate; with several pairs the prompts are dealt out in turn",
    )
    create.add_argument("--seed", type=int, default=0)
    create.add_argument("--title", default="Which video is better?")
    create.add_argument(
        "--out",
        type=Path,
        required=True,
        help="the study: a zip file; a --pair that was interrupted is gone on with",
    )
    results = acts.add_parser("results", help="what participants answered", allow_abbrev=False)
    results.set_defaults(run=run_results)
    results.add_argument("study", type=Path)
    results.add_argument("--answers", type=Path, default=ANSWERS, help=f"default: {ANSWERS}")
    results.add_argument("--csv", type=Path, help="write every answer as a row")


def run_create(options: argparse.Namespace) -> int:
    """Make the study of runs that are there, or of runs made for it."""
    check_writable(options.out)
    if (options.runs is None) == (not options.pair):
        raise ValueError("give either --runs FOLDER or --pair ONE:OTHER with --prompts FILE")
    made = options.out.with_name(f"{options.out.stem}-runs")  # kept until the study is whole
    if options.pair:
        runs = list(_generated(options, RunStore(made)))
    elif options.runs.is_dir():
        runs = RunStore(options.runs).runs()
    else:
        raise ValueError(f"{options.runs} is no folder of runs")
    if not runs:
        raise ValueError(f"there are no runs in {options.runs}")
    study = create_study(options.out, runs, options.title, "python -m app study create")
    if options.pair:
        rmtree(made)
    checks = sum(question.is_check for question in study.questions)
    print(f"{options.out}: {len(study.questions) - checks} questions and {checks} attention checks")
    return 0


def run_results(options: argparse.Namespace) -> int:
    """Print the shares by pair of methods."""
    study = read_study(options.study)
    answers = AnswerStore(options.answers).answers(study.id) if options.answers.exists() else {}
    results = results_of(study, answers)
    print(f"{study.title}: {results.participants} participants, {results.left_out} left out by attention checks")
    for pair in results.pairs:
        print(_line(pair))
    if options.csv:
        with atomic_path(options.csv) as temporary:
            temporary.write_text(answers_csv(study, answers))
    return 0


def _generated(options: argparse.Namespace, store: RunStore) -> Iterator[Run]:
    """The runs of all pairs; those that an earlier call left in the store are not made again."""
    if options.prompts is None:
        raise ValueError("--pair needs --prompts FILE")
    chosen, prompts = prompted_model(options.model), read_prompts(options.prompts)
    pairs = [tuple(text.split(":")) for text in options.pair]
    if wrong := [text for text, pair in zip(options.pair, pairs, strict=True) if len(pair) != 2]:
        raise ValueError(f"a pair is two methods such as adacache-fast:pab-slow, got {wrong[0]!r}")
    requests = [
        Request(
            chosen.id,
            prompt,
            named_method(name, chosen.id, chosen.motion),
            seed=options.seed,
            steps=chosen.steps,
            guidance=chosen.guidance,
        )
        for number, prompt in enumerate(prompts)
        for name in pairs[number % len(pairs)]
    ]
    check_plan(options.out, options.title, len(prompts))
    there = {run.request: run for run in store.runs()}
    for request in tqdm(requests, desc="videos", unit="run"):
        if request in there:
            yield there[request]
            continue
        making = store.begin(request.key())
        try:
            with closing(generate_pair(request, making, kept=store.baseline)) as events:  # type: ignore[type-var]
                *_, last = events
            if isinstance(last, Failed):
                raise ValueError(f"{request.prompt}: {last.message}")
            if isinstance(last, Compared):
                yield store.keep(making, about_now(""))
        finally:
            rmtree(making, ignore_errors=True)


def _line(pair: PairResult) -> str:
    shares = (pair.one, pair.prefers_one), ("tie", pair.tie), (pair.other, pair.prefers_other)
    told = ", ".join(f"{name} {_percent(share)}" for name, share in shares)
    like = f"{_percent(pair.one_like_baseline)} and {_percent(pair.other_like_baseline)}"
    return f"{told} of {pair.tie.of}; like the baseline {like}; sign test p = {pair.p_value:.2g}"


def _percent(share: Share) -> str:
    low, high = share.interval
    return f"{share.share:.0%} [{low:.0%}, {high:.0%}]"
