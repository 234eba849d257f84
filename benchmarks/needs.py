"""How many steps a video needs: python -m benchmarks.needs --prompts 60 --out DIR

Fewest denoising steps, of a grid, whose video is within so many dB of the one of 60 steps, for held-out prompts of
the whole vocabulary and for two extremes. Found by halving, as if more steps were never worse: where a prompt
leaves something to chance they can be. Prints one JSON line: median, fewest and most. Goes on after a kill.
"""

import argparse
import json
import sys
from bisect import bisect_left
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from tqdm import tqdm

from app.caching.policy import NoCache
from app.common.journal import Journal
from app.evaluation.classifier.held_out import held_out_clips
from app.generation.denoiser import Denoiser, fingerprint
from app.metrics.quality.psnr import psnr
from app.models.base import Frames, VideoModel
from app.models.registry import load_model

REFERENCE = 60  # steps
GRID = (2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 18, 20, 24, 28, 32, 40, 50)
SHOWN = 6  # prompts of either end
EXTREMES = ("a robot standing still on a grey background", "many dogs moving right fast in the rain")


def main() -> int:
    """Generate what is missing, print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompts", type=int, default=60)
    parser.add_argument("--db", type=float, default=35.0, help="PSNR to the reference that is asked for")
    parser.add_argument("--out", type=Path, required=True, help="folder; what is there is not generated again")
    options = parser.parse_args()
    model = load_model("sprites")
    asked = [*enumerate(EXTREMES), *((clip.seed, clip.prompt) for clip in held_out_clips(options.prompts, 0))]
    settings = {"weights": fingerprint(model), "db": options.db, "reference": REFERENCE, "grid": list(GRID)}
    journal = Journal.open(options.out / "needs.jsonl", settings)
    for seed, prompt in tqdm(asked[len(journal.rows) :], unit="prompt"):
        journal.append({"prompt": prompt, "seed": seed, "steps": needed(model, prompt, seed, options.db)})
    found = [(row["steps"], row["prompt"]) for row in journal.rows[: len(asked)]]
    rising = sorted(found[len(EXTREMES) :])
    print(
        json.dumps(
            {
                "prompts": len(rising),
                "db": options.db,
                "median": median(steps for steps, _ in rising),
                "fewest": rising[:SHOWN],
                "most": rising[-SHOWN:],
                "extremes": found[: len(EXTREMES)],
            }
        )
    )
    return 0


def needed(model: VideoModel, prompt: str, seed: int, db: float) -> int:
    """The fewest steps of the grid that are near enough to the reference; the reference's where none is."""
    conditioning = model.encode_prompt(prompt)

    def video(steps: int) -> Frames:
        started = Denoiser.start(
            model, conditioning, NoCache(), seed=seed, steps=steps, guidance=model.card.guidance
        )
        return started.finish().decode()

    reference = video(REFERENCE)
    return first_of(GRID, lambda steps: psnr(reference, video(steps)) >= db) or REFERENCE


def first_of(numbers: Sequence[int], enough: Callable[[int], bool]) -> int | None:
    """The first of rising numbers that is enough, found by halving: what is above one that is enough is so too."""
    place = bisect_left(numbers, True, key=enough)
    return numbers[place] if place < len(numbers) else None


if __name__ == "__main__":
    sys.exit(main())
