"""Codebooks made for Sprites: python -m app.training.codebooks --recordings DIR

Records prompts of every motion class, calibrates a codebook a wished speedup, and writes it into assets/codebooks
with the range of computed steps of each class, simulated on the recordings with and without motion regularisation.
"""

import argparse
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from tqdm import tqdm

from app.caching.codebook import Codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.common.files import write_json
from app.common.paths import CODEBOOKS
from app.evaluation.classifier.held_out import caption
from app.generation.denoiser import fingerprint
from app.lab.calibrate import Calibration, Wish, calibrate_scores, score_family
from app.lab.record import record
from app.lab.recording import Recording, load_recording
from app.lab.simulate import simulate
from app.models.base import VideoModel
from app.models.registry import card, load_model
from app.models.sprites.text import understand
from app.models.sprites.vocabulary import load_vocabulary
from app.models.sprites.world import draw_factors

MODEL = "sprites"
WISHES = ("gentle=1.1", "slow=1.3", "medium=1.7", "fast=2.4", "faster=2.9", "fastest=3.5")
CLASSES = ("still", "slow", "fast")


def main() -> None:
    """Record what is missing, calibrate, write, and print a line a codebook."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=Path, required=True, help="folder; those already there are kept")
    parser.add_argument("--prompts", type=int, default=30, help="0: calibrate on what is in the folder")
    parser.add_argument("--wish", nargs="+", type=wish, default=[wish(w) for w in WISHES], metavar="NAME=SPEEDUP")
    parser.add_argument("--out", type=Path, default=CODEBOOKS)
    options = parser.parse_args()
    if options.prompts:
        model = load_model(MODEL)
        recordings = record_all(model, options.prompts, options.recordings / fingerprint(model))
    else:
        recordings = [load_recording(path) for path in sorted(options.recordings.glob("*.json"))]
    if len(recordings) < 2:
        parser.error(f"at least 2 recordings are needed, got {len(recordings)}")
    method = AdaCacheConfig(Codebook((1.0,), (1,)))
    scores = score_family(recordings, method)
    for name, speedup in options.wish:
        found = calibrate_scores(scores, len(recordings), Wish(speedup))
        preset = preset_of(name, speedup, found, recordings)
        write_json(options.out / f"{MODEL}-{name}.json", preset)
        print(json.dumps({"name": f"{MODEL}-{name}", **preset["calibration"], "prompts": len(recordings)}))


def wish(text: str) -> tuple[str, float]:
    """A codebook's name and wished speedup, from NAME=SPEEDUP; argparse says it where it is not of that form."""
    name, _, speedup = text.partition("=")
    if not name.isidentifier():
        raise ValueError(f"a codebook's name is a word, got {name[:40]!r}")
    return name, float(speedup)


def record_all(model: VideoModel, count: int, folder: Path) -> list[Recording]:
    """Recordings of composed prompts, a third of them a class; made once for the same weights."""
    folder.mkdir(parents=True, exist_ok=True)
    recordings = []
    for number, prompt in enumerate(tqdm(composed(count), unit="recording")):
        path = folder / f"{number:03d}.json"
        if not path.is_file():
            steps, guidance = model.card.steps, model.card.guidance
            record(model, prompt, seed=number, steps=steps, guidance=guidance).save(path)
        recordings.append(load_recording(path))
    return recordings


def composed(count: int) -> Iterable[str]:
    """Captions that name every factor, the classes in turn."""
    random = np.random.default_rng(0)
    made: list[str] = []
    while len(made) < count:
        factors = draw_factors(random)
        if (factors.speed or "still") == CLASSES[len(made) % len(CLASSES)]:
            made.append(caption(factors, random))
    return made


def preset_of(name: str, speedup: float, found: Calibration, recordings: list[Recording]) -> dict[str, Any]:
    """The codebook as a preset, with how it was made and what it does to each class."""
    held_out, spread = found.held_out_speedup
    motion = card(MODEL).motion
    plain = AdaCacheConfig(found.chosen.codebook)
    return {
        "title": f"Sprites {name}",
        "steps": recordings[0].steps,
        "models": [MODEL],
        "source": f"python -m app.training.codebooks on {len(recordings)} recordings, {date.today()}",
        "codebook": found.chosen.codebook.to_json(),
        "calibration": {
            "wished_speedup": speedup,
            "predicted_speedup": found.chosen.speedup,
            "predicted_error": found.chosen.loss,
            "held_out_speedup": held_out,
            "held_out_standard_deviation": spread,
            "simulated_computed_steps": computed_steps(recordings, plain),
            "simulated_computed_steps_with_motion": computed_steps(recordings, replace(plain, motion=motion)),
        },
    }


def computed_steps(recordings: list[Recording], method: AdaCacheConfig) -> dict[str, dict[str, float]]:
    """Fewest, mean and most computed steps of each motion class."""
    counts: dict[str, list[int]] = {name: [] for name in CLASSES}
    for recording in recordings:
        speed = understand(recording.prompt, load_vocabulary()).name("speed") or "still"
        counts[speed].append(len(simulate(recording, method).computed))
    return {name: {"min": min(c), "mean": mean(c), "max": max(c)} for name, c in counts.items() if c}


if __name__ == "__main__":
    main()
