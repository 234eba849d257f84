"""Memory needs of the published diffusers models, stored: python -m app.models.diffusers.stored makes them anew.

Estimating them decodes a video on the meta device, up to a minute of work; the page and `doctor` ask for the
answer at once, and need no package of diffusers for it.
"""

import json
from dataclasses import asdict

from app.common.files import write_json
from app.common.paths import MODEL_NEEDS
from app.models.diffusers.family import checkpoints
from app.models.runtime.memory_plan import Need, Part


def stored_needs(model: str) -> dict[Part, Need]:
    """The needs of a published model in its precision, at its card's size; a ValueError if none are stored."""
    stored = json.loads(MODEL_NEEDS.read_text())
    if model not in stored:
        raise ValueError(f"no memory needs are stored for {model}; run python -m app.models.diffusers.stored")
    return {part: Need(**need) for part, need in stored[model].items()}


def main() -> None:
    """Estimate every model and write the file."""
    from app.models.diffusers.estimate import estimate_published  # imports diffusers

    found = {
        model: {part: asdict(need) for part, need in estimate_published(model).items()} for model in checkpoints()
    }
    write_json(MODEL_NEEDS, found)


if __name__ == "__main__":
    main()
