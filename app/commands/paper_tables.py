"""python -m app table1 and table3: the paper's tables measured here, the paper's own numbers beside ours.

python -m app table1 --model open-sora-1.2 --prompts vbench --out DIR     rows already there are kept
"""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.commands.compare import about_of, read_seeds
from app.commands.options import add_workers_options, prompted_model, workers_from
from app.common.files import atomic_path, write_json
from app.common.journal import Row
from app.common.paths import COMPARISON_PROMPTS
from app.common.tables import aligned
from app.evaluation.comparison.plan import Plan, read_prompts
from app.evaluation.comparison.rows import measured_rows
from app.evaluation.comparison.table import points, to_json
from app.evaluation.paper import table_1
from app.evaluation.tables.table import (
    cells,
    labelled,
    methods_of,
    tables,
    to_csv,
    to_latex,
    to_markdown,
)
from app.evaluation.vbench import package
from app.models.size import Size

VBENCH = "vbench"


def add_parser(commands: Any) -> None:
    """A command a table."""
    for table in tables().values():
        parser = commands.add_parser(table.id, help=f"the paper's {table.title}", allow_abbrev=False)
        parser.set_defaults(run=run, table=table)
        parser.add_argument("--model", default="sprites")
        parser.add_argument(
            "--prompts",
            default=str(COMPARISON_PROMPTS),
            help="text file, one prompt a line, or vbench for the installed package's list",
        )
        parser.add_argument("--seeds", default="0", help="whole numbers separated by commas")
        parser.add_argument("--steps", type=int, help="denoising steps of the baseline (default: the model's)")
        parser.add_argument("--weights", type=Path, metavar="FOLDER", help="checkpoints in the published layout")
        add_workers_options(parser)
        parser.add_argument("--out", type=Path, required=True, help="folder; rows already there are kept")


def run(options: argparse.Namespace) -> int:
    """Measure what is missing; write the table as Markdown, CSV, LaTeX and JSON, and print it."""
    table, workers, model = options.table, workers_from(options), prompted_model(options.model)
    steps = model.steps if options.steps is None else options.steps
    lines = table.lines(model, steps)
    plan = Plan(
        card=model,
        prompts=prompts_from(options.prompts),
        seeds=read_seeds(options.seeds),
        methods={},
        steps=steps,
        guidance=model.guidance,
    )
    rows: list[Row] = []
    for size, methods in methods_of(lines).items():
        sized = replace(plan, methods=methods, size=size)
        for row in measured_rows(sized, folder_of(options.out, size), workers, options.weights):
            rows.append({**row, "method": labelled(row["method"], size)})
    about, shown = about_of(plan, workers), cells(lines, rows)
    sentence = described(about, model.id)
    write_json(options.out / f"{table.id}.json", to_json(points(rows), about))
    pages = {"md": to_markdown(table, sentence, shown), "csv": to_csv(shown), "tex": to_latex(shown)}
    for ending, text in pages.items():
        with atomic_path(options.out / f"{table.id}.{ending}") as temporary:
            temporary.write_text(text)
    print(aligned(shown, right=range(2, len(shown[0]))))
    print(f"\n{sentence}")
    return 0


def folder_of(out: Path, size: Size | None) -> Path:
    """Where the rows of a size lie: those of the model's own in the folder itself."""
    return out if size is None else out / f"{size.width}x{size.height}x{size.frames}"


def prompts_from(text: str) -> tuple[str, ...]:
    """Prompts of a file, or of the VBench package where it is installed."""
    if text == VBENCH:
        return tuple(package.read_prompts(package.info_path()))
    return read_prompts(Path(text))


def described(about: dict[str, Any], model: str) -> str:
    """What stands beside what: our setting, the paper's, and what is not comparable."""
    runs = f"{about['prompts']} prompts x {len(about['seeds'])} seeds, {about['steps']} steps, {about['device']}"
    published = table_1().get(model)
    paper = published.setting if published else "no rows of this model; where any are shown, Open-Sora 1.2's"
    return (
        f"Ours: {about['title']}, {runs}, {about['date']}; seconds of the denoising loop, quality against the "
        f"baseline's video. The paper's: {paper}; an A100, its prompts, latency with decoding. Speedups compare, "
        "seconds do not. VBench is scored by python -m app vbench."
    )
