"""The recordings that ship with the Lab: python -m app.training.recordings

A dozen contrasting prompts of Sprites, recorded anew into assets/recordings after every training.
"""

import argparse
from pathlib import Path

from tqdm import tqdm

from app.common.paths import RECORDINGS
from app.lab.record import record
from app.lab.recording import Recording
from app.models.base import VideoModel
from app.models.registry import load_model
from app.training.made import drop_others

# The first two are what the Lab opens with: nothing moves, and much does.
PROMPTS = {
    "01-still-panda": "a panda standing still in a forest",
    "02-fast-dog": "a dog moving right fast over snow",
    "03-still-moon": "a moon standing still in the night sky",
    "04-slow-heart": "a red heart growing slowly on pink",
    "05-swaying-fish": "a fish swaying in the ocean",
    "06-slow-turtle": "a turtle moving left slowly underwater",
    "07-bouncing-ball": "a ball bouncing fast in a meadow",
    "08-rising-rocket": "a rocket rising fast in the night sky",
    "09-spinning-star": "a star spinning fast in the sky",
    "10-still-tree": "a tree standing still at sunset",
    "11-fast-car": "a car moving left fast in a city",
    "12-falling-apple": "an apple falling slowly on grey",
}


def main() -> None:
    """Record all of them; those of earlier prompts go."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    record_all(load_model("sprites"), RECORDINGS)
    drop_others(RECORDINGS, ".json", PROMPTS)


def record_all(model: VideoModel, out: Path) -> list[Recording]:
    """Record all prompts with the model's own settings."""
    out.mkdir(parents=True, exist_ok=True)
    card, recordings = model.card, []
    for seed, (name, prompt) in enumerate(tqdm(PROMPTS.items(), unit="recording")):
        recordings.append(record(model, prompt, seed=seed, steps=card.steps, guidance=card.guidance))
        recordings[-1].save(out / f"{name}.json")
    return recordings


if __name__ == "__main__":
    main()
