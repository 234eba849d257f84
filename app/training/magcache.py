"""Magnitude ratios of a model for MagCache: python -m app.training.magcache [--model sprites]

Measured in uncached runs of a few prompts, none of them among those methods are compared on, and written into the
model's published settings (assets/methods).
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from statistics import mean

from torch import Tensor
from tqdm import tqdm

from app.caching.cache import Block, ResidualCache
from app.caching.methods.magcache import MagCacheConfig
from app.caching.policy import NoCache
from app.common.files import write_json
from app.common.paths import METHODS
from app.generation.denoiser import Denoiser, fingerprint
from app.models.base import VideoModel
from app.models.registry import load_model

DIGITS = 5


class Deltas(ResidualCache):
    """Computes everything and keeps the ratio of each step's residual sum to that of the step before."""

    ratios: list[float]
    _last: Tensor | None = None

    def stack(self, x: Tensor, blocks: Sequence[Block], modulated: object = None) -> Tensor:
        """The stack as it is; (batch, frames, patches, channels)."""
        out = super().stack(x, blocks)
        lengths = (out - x).float().norm(dim=-1)
        if self._last is None:
            self.ratios = [1.0]
        else:
            self.ratios.append(float((lengths / self._last).mean()))
        self._last = lengths
        return out


def ratios(model: VideoModel, prompt: str, seed: int) -> list[float]:
    """Mean over tokens of |D_i| / |D_(i-1)| for every step of one uncached run, the first being 1."""
    card = model.card
    run = Denoiser.start(
        model, model.encode_prompt(prompt), NoCache(), seed=seed, steps=card.steps, guidance=card.guidance
    )
    run.cache = Deltas(NoCache(), run.cache.run)
    run.finish()
    return run.cache.ratios


def main() -> None:
    """Measure the example prompts of the model and write the mean ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="sprites")
    parser.add_argument("--seed", type=int, default=100, help="of the first prompt; the others follow")
    options = parser.parse_args()
    model = load_model(options.model)
    prompts = model.card.example_prompts
    measured = [ratios(model, prompt, options.seed + i) for i, prompt in enumerate(tqdm(prompts, unit="prompt"))]
    chosen = MagCacheConfig(ratios=tuple(round(mean(step), DIGITS) for step in zip(*measured, strict=True)))
    path = METHODS / f"{options.model}.json"
    settings = json.loads(path.read_text())
    values = {name: value for name, value in asdict(chosen).items() if value is not None and name != "solver"}
    settings["magcache"] = {
        "title": "MagCache",
        "source": f"python -m app.training.magcache: {len(prompts)} prompts, weights {fingerprint(model)}",
        "method": {"name": "magcache", **values},
    }
    write_json(path, settings)
    print(f"{path}: ratios from {min(chosen.ratios):.3f} to {max(chosen.ratios):.3f}")


if __name__ == "__main__":
    main()
