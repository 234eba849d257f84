"""python -m app judge: how well generated clips show what their prompts ask for, in the judge's eyes.

python -m app judge --clips 200 --seed 0 --method none --out DIR     also --method adacache --codebook fast
"""

import argparse
import json
from pathlib import Path
from statistics import mean
from typing import Any

from tqdm import tqdm

from app.commands.options import add_method_options, method_from
from app.common.files import atomic_path
from app.common.journal import Journal
from app.common.paths import SPRITES
from app.common.validation import whole
from app.evaluation.classifier.held_out import evaluate_clip, held_out_clips, settings_of, sheet
from app.evaluation.classifier.scores import accuracy, classifier_of
from app.models.registry import card, load_model

MODEL = "sprites"  # whose words and pixels the judge knows
MAX_CLIPS = 10_000
MAX_SEED = 1_000_000


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser("judge", help="judge generated clips of held-out prompts", allow_abbrev=False)
    parser.set_defaults(run=run)
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    add_method_options(parser, default="none")
    parser.add_argument("--out", type=Path, required=True, help="folder; clips that are there are not made again")


def run(options: argparse.Namespace) -> int:
    """Generate and judge what is missing, draw the sheet, print one JSON line."""
    whole("clips", options.clips, 1, MAX_CLIPS)
    whole("seed", options.seed, 0, MAX_SEED)
    method = None if options.method == "none" and options.schedule is None else method_from(options, card(MODEL))
    model, classifier = load_model(MODEL), classifier_of(MODEL)
    if classifier is None:
        raise ValueError(f"there is no judge in {SPRITES}; python -m app.training.classifier trains it")
    journal = Journal.open(options.out / "clips.jsonl", settings_of(model, method, options.seed))
    strips = options.out / "strips"
    for clip in tqdm(held_out_clips(options.clips, options.seed)[len(journal.rows) :], unit="clip", delay=1e-9):
        journal.append(evaluate_clip(model, classifier, method, clip, strips))
    judged = journal.rows[: options.clips]
    with atomic_path(options.out / "sheet.png") as temporary:
        sheet(judged, strips).save(temporary)
    print(
        json.dumps(
            {
                "clips": len(judged),
                "seed": options.seed,
                "method": options.method,
                **accuracy(row["scores"] for row in judged),
                "nothing_else": mean(row["nothing_else"] for row in judged),
                "mean_computed_steps": mean(row["computed_steps"] for row in judged),
                "mean_seconds": mean(row["seconds"] for row in judged),
            }
        )
    )
    return 0
