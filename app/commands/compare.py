"""python -m app compare: every method on the same prompts and seeds, as a table, a plot and a row a run.

python -m app compare --model sprites --prompts FILE --methods adacache-fast,pab-slow --seeds 0,1 --out DIR
"""

import argparse
from datetime import date
from pathlib import Path
from typing import Any

from app.caching.names import named_method, names
from app.commands.options import add_workers_options, prompted_model, workers_from
from app.common.files import atomic_path, write_json
from app.common.paths import COMPARISON_PROMPTS
from app.evaluation.comparison.fairness import sentences, worth
from app.evaluation.comparison.plan import Plan, family_of, methods_of, read_prompts
from app.evaluation.comparison.plot import PaperPoint, quality_latency
from app.evaluation.comparison.report import to_markdown
from app.evaluation.comparison.rows import measured_rows
from app.evaluation.comparison.spread import asked_for
from app.evaluation.comparison.table import described, points, to_json, to_text
from app.evaluation.paper import table_1
from app.models.base import ModelCard
from app.models.registry import device_of
from app.workers.workers import Workers


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser("compare", help="compare methods on the same prompts", allow_abbrev=False)
    parser.set_defaults(run=run)
    parser.add_argument("--model", default="sprites")
    parser.add_argument("--prompts", type=Path, default=COMPARISON_PROMPTS, help="text file, one prompt a line")
    parser.add_argument(
        "--methods",
        help="names separated by commas, also sweeps such as adacache-sprites-* and teacache-0.05..0.3 "
        "(default: a front of each family)",
    )
    parser.add_argument("--seeds", default="0", help="whole numbers separated by commas")
    parser.add_argument("--steps", type=int, help="denoising steps of the baseline (default: the model's)")
    parser.add_argument("--guidance", type=float, help="guidance scale (default: the model's)")
    parser.add_argument("--weights", type=Path, metavar="FOLDER", help="checkpoints in the published layout")
    add_workers_options(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder; rows already there are kept")


def run(options: argparse.Namespace) -> int:
    """Measure what is missing, and write and print the table."""
    plan, workers = plan_from(options), workers_from(options)
    rows = measured_rows(plan, options.out, workers, options.weights)
    found, about = points(rows), about_of(plan, workers)
    write_json(options.out / "table.json", to_json(found, about))
    pages = {
        "table.md": to_markdown(found, about),
        "plot.svg": quality_latency(found, described(about), paper_points(plan.card)),
    }
    for name, text in pages.items():
        with atomic_path(options.out / name) as temporary:
            temporary.write_text(text)
    print(to_text(found))
    print("\nAgainst even steps of the same compute and the same reuse:")
    print("\n".join(sentences(worth(found))) or "no even schedule of like compute was measured")
    return 0


def paper_points(model: ModelCard) -> list[PaperPoint]:
    """What the paper's Table 1 states of a model; the points of its Fig. 6 are not known in numbers."""
    published = table_1().get(model.id)
    return [
        PaperPoint(family_of(named_method(name, model.id, model.motion)), name, row.speedup, row.psnr)
        for name, row in (published.rows.items() if published else ())
        if row.speedup is not None and row.psnr is not None
    ]


def plan_from(options: argparse.Namespace) -> Plan:
    """The comparison that the options describe; a ValueError says what is wrong with them."""
    model = prompted_model(options.model)
    steps = model.steps if options.steps is None else options.steps
    wished = [] if options.methods is None else [name.strip() for name in options.methods.split(",")]
    if "" in wished:
        raise ValueError(f"--methods needs names separated by commas; there are: {', '.join(names(model.id))}")
    return Plan(
        card=model,
        prompts=read_prompts(options.prompts),
        seeds=read_seeds(options.seeds),
        methods=methods_of(model, steps, wished),
        steps=steps,
        guidance=model.guidance if options.guidance is None else options.guidance,
    )


def read_seeds(text: str) -> tuple[int, ...]:
    """Seeds separated by commas, without repetitions."""
    try:
        return tuple(dict.fromkeys(int(part) for part in text.split(",")))
    except ValueError:
        raise ValueError(f"--seeds needs whole numbers separated by commas, got {text[:40]!r}") from None


def about_of(plan: Plan, workers: Workers) -> dict[str, Any]:
    """What was measured, for readers of the table."""
    return {
        **plan.settings(),
        "title": plan.card.title,
        "prompts": len(plan.prompts),
        "asked": asked_for(plan.card.id, plan.prompts),
        "seeds": list(plan.seeds),
        "device": ", ".join(filter(None, (device_of(plan.card.id), workers.text))),
        "date": date.today().isoformat(),
    }
