"""python -m app codebooks: every codebook, those calibrated here first; deletes and restores the latter."""

import argparse
import textwrap
from pathlib import Path
from typing import Any

from app.caching.codebook import Preset, presets
from app.commands.runs import RUNS
from app.runs.codebooks import FOLDER, CodebookStore

WIDTH = 100


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser("codebooks", help="list codebooks, delete calibrated ones", allow_abbrev=False)
    parser.set_defaults(run=run)
    parser.add_argument("--runs", type=Path, default=RUNS, help="the folder of runs (default: runs)")
    acts = parser.add_mutually_exclusive_group()
    acts.add_argument("--delete", metavar="NAME", help="a calibrated one; for an hour it can be restored")
    acts.add_argument("--restore", metavar="NAME", help="bring back what was deleted a moment ago")


def run(options: argparse.Namespace) -> int:
    """Delete or restore one, or print a paragraph a codebook."""
    store = CodebookStore(options.runs / FOLDER)
    if options.delete is not None:
        store.delete(options.delete)
    elif options.restore is not None:
        store.restore(options.restore)
    else:
        for preset in (*store.presets(), *presets().values()):
            print(described(preset))
    return 0


def described(preset: Preset) -> str:
    """Its name and title, what it was made for and how, and its rows."""
    book = preset.codebook
    steps = "" if book.steps is None else f" at {book.steps} steps"
    made_for = f"For {' and '.join(book.models) or 'any model'}{steps}. "
    told = textwrap.fill(made_for + preset.source, WIDTH, initial_indent="  ", subsequent_indent="  ")
    return f"{preset.id}: {preset.title}\n{told}\n  {book.to_json()}"
