"""python -m app methods: every method explained, with the settings published for a model."""

import argparse
import json
import textwrap
from typing import Any

from app.caching.names import names
from app.caching.registry import kind_of, kinds, method_to_json, published
from app.models.base import ModelCard
from app.models.registry import card

WIDTH = 100


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser("methods", help="explain the methods of acceleration", allow_abbrev=False)
    parser.set_defaults(run=run)
    parser.add_argument("--model", default="sprites", help="whose published settings to list")
    parser.add_argument("--json", action="store_true", help="all that is registered, as JSON")


def run(options: argparse.Namespace) -> int:
    """Print a paragraph a method, and below it the named settings for the model."""
    if options.json:
        print(json.dumps(registered(card(options.model)), indent=2, ensure_ascii=False))
        return 0
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


def registered(model: ModelCard) -> list[dict[str, Any]]:
    """Every method with what it needs and the settings published for a model."""
    named = published(model.id)
    return [
        {
            "name": kind.name,
            "title": kind.title,
            "description": kind.description,
            "source": kind.source,
            "setting": kind.setting,
            "points": list(kind.points),
            "takes_reuse": kind.takes_reuse,
            "needs": {"attention": kind.attention, "signals": sorted(kind.signals), "blocks": kind.blocks},
            "refused": model.refusal(kind),
            "published": {
                id: {"title": item.title, "source": item.source, "settings": method_to_json(item.method)}
                for id, item in named.items()
                if kind_of(item.method) is kind
            },
        }
        for kind in kinds().values()
    ]
