"""Speed and memory of the embedded model: python -m benchmarks.sprites

Each run is measured in one process, baseline first and undisturbed; a ratio is of one run. Prints one line a run
and one JSON line of medians beside the figures they are held to.
"""

import json
import statistics
import sys
import tempfile
from pathlib import Path

from app.caching.codebook import presets
from app.caching.methods.adacache import AdaCacheConfig
from app.generation.events import Compared, Failed
from app.generation.pair import generate_pair
from app.generation.request import Request
from app.metrics.registry import quality_text
from app.models.registry import load_model

MODEL = "sprites"
CODEBOOKS = ("fast", "slow")
SEEDS = (0, 1)
TOKEN_STREAM_BYTES = 2 * 8 * 64 * 160 * 4  # conditional and unconditional, frames, patches, channels, float32


def main() -> int:
    """Race each codebook on each seed; exit 1 if a figure is missed."""
    model = load_model(MODEL)
    named = presets()
    measured = []
    for codebook in CODEBOOKS:
        for seed in SEEDS:
            prompt = model.card.example_prompts[seed]
            request = Request(
                model=MODEL,
                prompt=prompt,
                method=AdaCacheConfig(named[codebook].codebook),
                seed=seed,
                steps=model.card.steps,
                guidance=model.card.guidance,
            )
            with tempfile.TemporaryDirectory() as folder:
                last = list(generate_pair(request, Path(folder), sequential=True))[-1]
            if isinstance(last, Failed):
                print(last.message, file=sys.stderr)
                return 1
            assert isinstance(last, Compared)
            summary = last.summary
            ideal = request.steps / summary["computed_steps"]
            measured.append(
                {
                    "baseline_seconds": summary["baseline_seconds"],
                    "speedup": summary["speedup"],
                    "speedup_over_ideal": summary["speedup"] / ideal,
                    "cache_streams": summary["peak_cache_bytes"] / TOKEN_STREAM_BYTES,
                }
            )
            print(
                f"{codebook:5} seed {seed}  {summary['baseline_seconds']:6.2f} s  {summary['speedup']:.2f}x  "
                f"{summary['computed_steps']}/{request.steps} steps  {quality_text(summary['quality'])}  {prompt}"
            )
    median = {name: round(statistics.median(row[name] for row in measured), 3) for name in measured[0]}
    reached = (
        median["baseline_seconds"] <= 20 and median["speedup_over_ideal"] >= 0.9 and median["cache_streams"] <= 3
    )
    bounds = {"baseline_seconds": "<= 20", "speedup_over_ideal": ">= 0.9", "cache_streams": "<= 3"}
    print(json.dumps({"median": median, "held_to": bounds, "reached": reached}))
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
