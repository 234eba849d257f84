"""python -m app doctor: what a model needs and what of it is here; exits 0 only where the model can run."""

import argparse
from typing import Any

from app.commands.options import add_size_options, size_from
from app.models.doctor import diagnose
from app.models.registry import card


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser("doctor", help="check what a model needs on this machine", allow_abbrev=False)
    parser.set_defaults(run=run)
    parser.add_argument("--model", default="sprites")
    add_size_options(parser)


def run(options: argparse.Namespace) -> int:
    """Print one need a line, and the verdict."""
    diagnosis = diagnose(options.model, size_from(options, card(options.model)))
    print(diagnosis)
    return diagnosis.exit_status
