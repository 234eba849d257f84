"""python -m app models: the registry, with what each model needs."""

import argparse
from typing import Any

from app.models.registry import CARDS


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser("models", help="list the models and what each needs")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print one model a paragraph."""
    for card in CARDS.values():
        print(f"{card.id:16} {card.title}: {card.description}")
        more = " and other sizes" if card.sizes else ""
        print(f"{'':16} {card.size}{more}, {card.steps} steps, needs {card.needs}")
    return 0
