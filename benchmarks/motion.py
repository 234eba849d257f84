"""Whether fast clips get more compute than still ones: python -m benchmarks.motion --prompts 100 --out DIR

Pairs of prompts with one object, background and seed, one standing still and one moving fast, under AdaCache with
motion regularisation. Prints one JSON line: mean computed steps of both, and the p-value of a permutation test
(two-sided, 100,000 relabellings, difference of the means), with Welch's t beside it. Goes on after a kill.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from app.caching.names import named_method
from app.caching.registry import build_policy, method_to_json
from app.common.journal import Journal
from app.evaluation.classifier.held_out import caption
from app.generation.denoiser import Denoiser, fingerprint
from app.models.registry import load_model
from app.models.sprites.vocabulary import load_vocabulary
from app.models.sprites.world import Factors

PERMUTATIONS = 100_000
Steps = NDArray[np.float64]


def main() -> int:
    """Generate, count, test."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompts", type=int, default=100, help="half of them still, half fast")
    parser.add_argument("--method", default="adacache-fast-moreg", help="a name of python -m app methods")
    parser.add_argument("--out", type=Path, required=True, help="folder; runs already there are kept")
    options = parser.parse_args()
    model = load_model("sprites")
    card = model.card
    method = named_method(options.method, card.id, card.motion)
    settings = {"method": method_to_json(method), "weights": fingerprint(model)}
    journal = Journal.open(options.out / "motion.jsonl", settings)
    for number, prompt, motion in tqdm(prompts(options.prompts)[len(journal.rows) :], unit="run"):
        run = Denoiser.start(
            model,
            model.encode_prompt(prompt),
            build_policy(method),
            seed=number // 2,
            steps=card.steps,
            guidance=card.guidance,
        ).finish()
        journal.append({"prompt": prompt, "motion": motion, "computed_steps": len(run.computed_steps)})
    rows = journal.rows[: options.prompts]
    still, fast = (
        np.array([row["computed_steps"] for row in rows if (row["motion"] == "still") == chosen], float)
        for chosen in (True, False)
    )
    t, freedom = welch(fast, still)
    print(
        json.dumps(
            {
                "prompts": len(rows),
                "method": options.method,
                "mean_computed_steps_fast": fast.mean(),
                "mean_computed_steps_still": still.mean(),
                "difference": fast.mean() - still.mean(),
                "range_fast": [fast.min(), fast.max()],
                "range_still": [still.min(), still.max()],
                "test": f"two-sided permutation test of the difference of means, {PERMUTATIONS} permutations",
                "p": permutation_test(fast, still),
                "welch_t": t,
                "welch_degrees_of_freedom": freedom,
            }
        )
    )
    return 0


def prompts(count: int) -> list[tuple[int, str, str]]:
    """Number, caption and motion; two that follow each other differ in motion and speed only."""
    vocabulary = load_vocabulary()
    moving = [name for name in vocabulary.names("motion") if name != "still"]
    made = []
    for number in range(count):
        random = np.random.default_rng(number // 2)
        thing, place = (str(random.choice(vocabulary.names(slot))) for slot in ("object", "background"))
        motion = str(random.choice(moving)) if number % 2 else "still"
        factors = Factors(thing, place, motion, None if motion == "still" else "fast")
        made.append((number, caption(factors, random), motion))
    return made


def permutation_test(one: Steps, other: Steps, permutations: int = PERMUTATIONS) -> float:
    """Share of relabellings whose means differ at least as much as the measured ones; never 0."""
    random = np.random.default_rng(0)
    both = np.concatenate([one, other])
    measured = abs(one.mean() - other.mean())
    differences = np.empty(permutations)
    for number in range(permutations):
        mixed = random.permutation(both)
        differences[number] = abs(mixed[: len(one)].mean() - mixed[len(one) :].mean())
    return float((1 + (differences >= measured - 1e-12).sum()) / (1 + permutations))


def welch(one: Steps, other: Steps) -> tuple[float | None, float | None]:
    """Welch's t and its degrees of freedom; none where neither group varies."""
    a, b = one.var(ddof=1) / len(one), other.var(ddof=1) / len(other)
    if a + b == 0:
        return None, None
    freedom = (a + b) ** 2 / (a**2 / (len(one) - 1) + b**2 / (len(other) - 1))
    return float((one.mean() - other.mean()) / np.sqrt(a + b)), float(freedom)


if __name__ == "__main__":
    sys.exit(main())
