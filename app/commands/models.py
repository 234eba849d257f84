"""python -m app models: the registry, with what each model needs."""

import argparse
import json
from typing import Any

from app.caching.registry import kinds
from app.models.base import ModelCard
from app.models.registry import CARDS


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser("models", help="list the models and what each needs")
    parser.set_defaults(run=run)
    parser.add_argument("--json", action="store_true", help="all that is registered, as JSON")


def run(options: argparse.Namespace) -> int:
    """Print one model a paragraph, or their cards as JSON."""
    if options.json:
        print(json.dumps([registered(card) for card in CARDS.values()], indent=2, ensure_ascii=False))
        return 0
    for card in CARDS.values():
        print(f"{card.id:16} {card.title}: {card.description}")
        more = " and other sizes" if card.sizes else ""
        print(f"{'':16} {card.size}{more}, {card.steps} steps, needs {card.needs}")
    return 0


def registered(card: ModelCard) -> dict[str, Any]:
    """A card in numbers and words, with the methods that run on the model."""
    return {
        "id": card.id,
        "title": card.title,
        "description": card.description,
        "needs": card.needs,
        "size": {"height": card.height, "width": card.width, "frames": card.frames, "fps": card.fps},
        "several_sizes": card.sizes is not None,
        "steps": card.steps,
        "max_steps": card.max_steps,
        "guidance": card.guidance,
        "negative_prompt": card.negative_prompt,
        "precisions": card.precisions,
        "flow_shift": card.flow_shift,
        "aesthetic": card.aesthetic,
        "images": card.images,
        "needs_image": card.needs_image,
        "extends_clips": card.chunk is not None,
        "depth": card.depth,
        "codebook": card.codebook,
        "methods": [name for name, kind in kinds().items() if not card.refusal(kind)],
    }
