"""python -m app methods: every method explained, with the settings published for a model."""

import argparse
import json
import textwrap
from typing import Any

from app.caching.names import names
from app.caching.registry import kind_of, kinds, method_to_json, published
from app.models.registry import card

WIDTH = 100


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser("methods", help="explain the methods of acceleration", allow_abbrev=False)
    parser.set_defaults(run=run)
    parser.add_argument("--model", default="sprites", help="whose published settings to list")


def run(options: argparse.Namespace) -> int:
    """Print a paragraph a method, and below it the named settings for the model."""
    named = published(card(options.model).id)
    for kind in kinds().values():
        print(f"{kind.name}: {kind.title}")
        print(textwrap.fill(kind.description, WIDTH, initial_indent="  ", subsequent_indent="  "))
        print(f"  Source: {kind.source}")
        for id, settings in named.items():
            if kind_of(settings.method) is kind:
                values = {name: value for name, value in method_to_json(settings.method).items() if name != "name"}
                print(f"  {id}: {json.dumps(values)}")
        print()
    print(f"Names for --method: adacache, {', '.join(names(options.model))}")
    return 0
