"""python -m app adaptivity: what adapting to the video is worth, generated for real.

python -m app adaptivity --prompts FILE --seeds 0,1 --budget 10 --reuse forecast --out DIR
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from tqdm import tqdm

from app.caching.method import REUSES, Method, ReuseOption
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.methods.even_steps import EvenStepsConfig
from app.caching.methods.listed_steps import ListedStepsConfig
from app.caching.policy import CachePolicy, NoCache
from app.caching.registry import build_policy, method_to_json
from app.commands.compare import read_seeds
from app.commands.options import (
    adacache_from,
    add_adacache_options,
    add_workers_options,
    prompted_model,
    workers_from,
)
from app.common.files import write_json
from app.common.journal import Journal, Row
from app.evaluation.comparison.plan import read_prompts
from app.generation.denoiser import Denoiser, fingerprint
from app.lab.adapting import Mark, given_numbers, own_numbers, same_number
from app.lab.folder import RecordingsFolder
from app.lab.predicted_marks import numbers_around
from app.lab.prediction import predictor
from app.lab.prediction_fit import scale_for, spearman
from app.lab.search import best_schedule
from app.metrics.quality.psnr import psnr
from app.models.base import ModelCard, VideoModel
from app.models.registry import load_model
from app.workers.workers import Workers

EVEN, SHARED, OWN, CODEBOOK = "even", "shared", "own", "codebook"


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "adaptivity", help="what adapting to the video is worth at equal compute", allow_abbrev=False
    )
    parser.set_defaults(run=run)
    parser.add_argument("--model", default="sprites")
    parser.add_argument("--prompts", type=Path, required=True, help="text file, one prompt a line")
    parser.add_argument("--seeds", default="0", help="whole numbers separated by commas")
    parser.add_argument("--budget", type=int, required=True, help="mean computed steps of a video")
    parser.add_argument("--reuse", choices=tuple(REUSES), default="hold", help="in skipped steps, of all marks")
    add_adacache_options(parser)
    add_workers_options(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder; what is there is not generated again")


def run(options: argparse.Namespace) -> int:
    """Generate what is missing, hand out the steps, print one JSON line."""
    model = prompted_model(options.model)
    budget, workers = options.budget, workers_from(options)
    check_budget(budget, model)
    codebook = replace(adacache_from(options, model), reuse=options.reuse)
    prompts, seeds = read_prompts(options.prompts), read_seeds(options.seeds)
    shared = shared_schedule(options, model, prompts, seeds, workers)
    methods = methods_of(model.steps, budget, options.reuse, shared, codebook)
    loaded = load_model(model.id)
    settings = {
        "model": model.id,
        "weights": fingerprint(loaded),
        "methods": {name: method_to_json(method) for name, method in methods.items()},
    }
    journal = Journal.open(options.out / "videos.jsonl", settings)
    made = {(row["prompt"], row["seed"]) for row in journal.rows}
    missing = [(prompt, seed) for prompt in prompts for seed in seeds if (prompt, seed) not in made]
    results = workers.results(Generating(model.id, methods), missing, options.out)
    for _, row in tqdm(results, total=len(missing), unit="video", delay=1e-9):
        journal.append(row)
    asked = {(prompt, seed) for prompt in prompts for seed in seeds}
    marks = marks_of([row for row in journal.rows if (row["prompt"], row["seed"]) in asked], budget)
    answer = {
        "budget": budget,
        "reuse": options.reuse,
        "videos": len(asked),
        **{name: mark.to_json() for name, mark in marks.items()},
        "correlation": correlation(marks[CODEBOOK].computed_steps, marks[OWN].computed_steps),
    }
    write_json(options.out / "adaptivity.json", {**answer, "shared_schedule": list(shared), "settings": settings})
    print(json.dumps(answer))
    return 0


def check_budget(budget: int, model: ModelCard) -> None:
    """A ValueError for a budget that leaves nothing to hand out."""
    if not 2 <= budget < model.steps:
        raise ValueError(f"the budget is 2 to {model.steps - 1} computed steps of {model.title}, got {budget}")


def shared_schedule(
    options: argparse.Namespace,
    model: ModelCard,
    prompts: tuple[str, ...],
    seeds: tuple[int, ...],
    workers: Workers,
) -> tuple[int, ...]:
    """The schedule of the budget with the best mean predicted picture over all these videos."""
    loaded, recordings = load_model(model.id), []
    for seed in seeds:
        every = adacache_from(options, model)
        folder = RecordingsFolder(options.out / "recordings", loaded, seed, model.steps, every)
        recordings += folder.of(list(prompts), workers)
    predictors = [predictor(recording, scale_for(recording.model)) for recording in recordings]
    return best_schedule(predictors, options.budget, options.reuse)


def methods_of(
    steps: int, budget: int, reuse: ReuseOption, shared: tuple[int, ...], codebook: AdaCacheConfig
) -> dict[str, Method]:
    """Everything that is generated of a video, by name."""
    even = {f"{EVEN}-{n}": EvenStepsConfig(n, reuse=reuse) for n in numbers_around(budget, steps)}
    return {**even, SHARED: ListedStepsConfig(shared, reuse=reuse), CODEBOOK: codebook}


def marks_of(rows: list[Row], budget: int) -> dict[str, Mark]:
    """The ways to spend the budget, from the PSNR of everything that was generated.

    The last two tell how many steps the codebook gives a video from where it puts them: as many as it gave each,
    spread evenly, and for all its mean number, rounded; left out where such a number was not made.
    """
    start = f"{EVEN}-"
    even = [
        {int(name.removeprefix(start)): db for name, (_, db) in row["made"].items() if name.startswith(start)}
        for row in rows
    ]
    known = {name: Mark(*zip(*(row["made"][name] for row in rows), strict=True)) for name in (SHARED, CODEBOOK)}
    numbers = known[CODEBOOK].computed_steps
    spread = {"codebook_spread_evenly": numbers, "even_at_its_mean": (round(mean(numbers)),) * len(rows)}
    return {
        EVEN: same_number(even, budget),
        SHARED: known[SHARED],
        OWN: own_numbers(even, budget),
        CODEBOOK: known[CODEBOOK],
        **{name: given_numbers(even, given) for name, given in spread.items() if {*given} <= {*even[0]}},
    }


def correlation(codebook: Sequence[int], own: Sequence[int]) -> float | None:
    """Rank correlation of the steps a codebook gives videos with those they need; none where all get as many."""
    if len(set(codebook)) == 1 or len(set(own)) == 1:
        return None
    return round(spearman(np.array(codebook, float), np.array(own, float)), 3)


@dataclass(frozen=True)
class Generating:
    """The work of the command (`app.workers.work.Work`): one video by every method."""

    model: str
    methods: dict[str, Method]

    def prepare(self) -> VideoModel:
        """The model."""
        return load_model(self.model)

    def do(self, model: VideoModel, job: tuple[str, int], folder: Path) -> Row:
        """Computed steps and PSNR to the baseline of every method."""
        prompt, seed = job
        conditioning, steps, guidance = model.encode_prompt(prompt), model.card.steps, model.card.guidance

        def run(policy: CachePolicy) -> Denoiser:
            started = Denoiser.start(model, conditioning, policy, seed=seed, steps=steps, guidance=guidance)
            return started.finish()

        baseline = run(NoCache()).decode()
        made = {}
        for name, method in self.methods.items():
            accelerated = run(build_policy(method))
            made[name] = (len(accelerated.computed_steps), psnr(baseline, accelerated.decode()))
        return {"prompt": prompt, "seed": seed, "made": made}
