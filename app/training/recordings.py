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

# The first two are what the Lab opens with: a video that needs few steps, and one that needs many.
PROMPTS = {
    "01-empty-meadow": "an empty meadow",
    "02-confetti": "a dog moving right fast with confetti",
    "03-still-moon": "a moon standing still in the night sky",
    "04-two-dogs": "two dogs moving right fast over snow",
    "05-many-balloons": "many balloons rising slowly in the sky",
    "06-large-panda": "a large panda standing still in a forest",
    "07-ball-in-rain": "a ball bouncing fast in the rain",
    "08-rising-rocket": "a rocket rising fast in the night sky",
    "09-panning-boat": "a boat on the ocean, the camera pans right",
    "10-falling-leaves": "a tree standing still in a meadow in falling leaves",
    "11-nightfall": "a car moving left fast in the desert as night falls",
    "12-blinking-heart": "a heart blinking on a pink background",
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
