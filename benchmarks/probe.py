"""What a cheaper probe costs in accuracy: python -m benchmarks.probe --prompts 8

Baseline runs whose probe is measured on every k-th patch as well as on all of them. Prints one JSON line: for
each k the relative error of the distance (median, 95th percentile), how often the paper's fast codebook chooses
the same row, the seconds of a measurement and the bytes the probe keeps.
"""

import argparse
import json
import sys
import time
from dataclasses import dataclass, field
from statistics import mean, median

import numpy as np
from torch import Tensor
from tqdm import tqdm

from app.caching.branches import Branch
from app.caching.codebook import load_codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.methods.adacache_policy import Probe, measure
from app.caching.motion import MotionRegularisation
from app.caching.policy import CachePolicy, Granularity, Plan, RunShape
from app.generation.denoiser import Denoiser
from app.models.registry import load_model
from benchmarks.lab import prompt_of

EVERY = (1, 2, 3, 4, 5, 7, 8, 16)


@dataclass
class Measured:
    """What one k measured over all runs."""

    distances: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    nbytes: int = 0


@dataclass
class Watch(CachePolicy):
    """Computes everything and measures the probe at every k."""

    config: AdaCacheConfig
    measured: dict[int, Measured]
    granularity: Granularity = "nothing"
    _previous: Tensor | None = None

    def start(self, run: RunShape) -> frozenset[Branch]:
        """One probe, as AdaCache places it."""
        (self._group,) = self.config.probes(run.depth, run.layout)
        self._probe = Probe(self._group)
        return frozenset(self._group)

    def plan(self, step: int) -> Plan:
        """A baseline: everything."""
        return "all"

    def observe(self, branch: Branch, residual: Tensor) -> None:
        """Measure a residual (batch, frames, patches, channels) against the step before."""
        current = self._probe.complete(branch, residual)
        if current is None:
            return
        for every, measured in self.measured.items():
            if self._previous is not None:
                before, after = (t[:, :, ::every].clone() for t in (self._previous, current))
                started = time.perf_counter()
                change = measure(before, after, self.config, MotionRegularisation()).change
                measured.seconds.append(time.perf_counter() - started)
                measured.distances.append(change or 0.0)
                measured.nbytes = after.nbytes
        self._previous = current


def main() -> int:
    """Run the baselines and compare the probes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompts", type=int, default=8)
    options = parser.parse_args()
    model = load_model("sprites")
    card, config = model.card, AdaCacheConfig(load_codebook("fast"))
    measured = {every: Measured() for every in EVERY}
    steps: list[float] = []
    for seed in tqdm(range(options.prompts), unit="run", delay=1e-9):
        conditioning, watch = model.encode_prompt(prompt_of(seed)), Watch(config, measured)
        run = Denoiser.start(
            model, conditioning, watch, seed=seed, steps=card.steps, guidance=card.guidance
        ).finish()
        steps += [record.seconds for record in run.records]
    exact = np.array(measured[1].distances)
    rows = [config.codebook.row(distance) for distance in exact]
    figures = {}
    for every, found in measured.items():
        errors = np.abs(np.array(found.distances) - exact) / exact
        figures[every] = {
            "median_error": float(np.median(errors)),
            "p95_error": float(np.quantile(errors, 0.95)),
            "same_row": mean(config.codebook.row(d) == row for d, row in zip(found.distances, rows, strict=True)),
            "seconds": median(found.seconds),
            "kept_bytes": found.nbytes,
        }
    print(json.dumps({"distances": len(exact), "seconds_a_step": median(steps), "every": figures}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
