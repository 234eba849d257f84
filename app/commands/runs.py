"""python -m app runs: list, export, import and delete the runs on disk; share cards of them."""

import argparse
from pathlib import Path
from typing import Any

from app.common.files import check_writable
from app.common.timestamps import display_time
from app.metrics.registry import quality_text
from app.runs.archive import export_zip, import_zip
from app.runs.share_card import write_card
from app.runs.store import RunStore

RUNS = Path("runs")


def add_parser(commands: Any) -> None:
    """Register the command and its acts."""
    parser = commands.add_parser(
        "runs", help="list, export, import and delete runs; share cards", allow_abbrev=False
    )
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    for name, act, said in (
        ("list", run_list, "one line a run, newest first"),
        ("export", run_export, "write a run as one zip"),
        ("card", run_card, "write a run as one MP4 or GIF to show around"),
        ("import", run_import, "add the zip of a run"),
        ("delete", run_delete, "delete a run; the page can restore it for an hour"),
    ):
        own = acts.add_parser(name, help=said, allow_abbrev=False)
        own.set_defaults(run=act)
        own.add_argument("--runs", type=Path, default=RUNS, help="the folder of runs (default: runs)")
        if name in ("export", "card", "delete"):
            own.add_argument("id")
        if name == "export":
            own.add_argument("--out", type=Path, required=True, help="zip file to write")
        if name == "card":
            own.add_argument("--out", type=Path, required=True, help=".mp4 file, with the settings in it, or .gif")
        if name == "import":
            own.add_argument("zip", type=Path)


def run_list(options: argparse.Namespace) -> int:
    """Print what there is and what of it is damaged; a speedup with a question mark has notes against it."""
    store = RunStore(options.runs)
    for run in store.runs():
        summary = run.summary
        doubt = "?" if summary["speed_notes"] else " "
        print(
            f"{run.id:40} {display_time(run.about.made):>18} {summary['speedup']:6.2f}x{doubt} "
            f"{summary['computed_steps']:4}/{summary['baseline_steps']} {quality_text(summary['quality'])}  "
            f"{run.request.model} {summary['method']}  {' '.join(run.request.prompt.split())}"
        )
    for damaged in store.damaged():
        print(f"{damaged.id:40} damaged: {damaged.reason}")
    return 0


def run_export(options: argparse.Namespace) -> int:
    """Write one zip."""
    export_zip(RunStore(options.runs).get(options.id), options.out)
    return 0


def run_card(options: argparse.Namespace) -> int:
    """Write one share card."""
    check_writable(options.out)
    write_card(RunStore(options.runs).get(options.id), options.out)
    return 0


def run_import(options: argparse.Namespace) -> int:
    """Add one zip, or find its run there already, and print the run's id."""
    store = RunStore(options.runs)
    before = {run.id for run in store.runs()}
    run = import_zip(store, options.zip)
    print(f"{run.id} (was here already)" if run.id in before else run.id)
    return 0


def run_delete(options: argparse.Namespace) -> int:
    """Delete one run."""
    RunStore(options.runs).delete(options.id)
    return 0
