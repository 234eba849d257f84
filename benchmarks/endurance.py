"""Memory and cache over many generations: python -m benchmarks.endurance [--generations 60]

Generates through the API of a running page, as a stranger's program would, and measures after every generation the
memory of the server's process and the bytes of its cache on disk. Prints one JSON line; exits 1 if memory grows
between the second and the last fifth by more than GROWTH, or if the cache does not return to its size.
"""

import argparse
import gc
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from gradio_client import Client

from benchmarks.entry import served
from components.shared.cache import KEPT_SECONDS, own_cache, size, sweep

STEPS = 4
GROWTH = 60_000_000  # bytes; a Sprites video in pixels has 3 million, kept of each generation they would be 108


def main() -> int:
    """Generate, measure, and say whether it stays flat."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--generations", type=int, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, own_cache(Path(folder) / "cache") as cache:
        before = size(cache)
        with served(Path(folder) / "runs") as url:
            client = Client(url, verbose=False, download_files=Path(folder) / "downloads")
            memory, cached = [], []
            for seed in range(options.generations):
                client.predict("a dog moving right", seed=seed, steps=STEPS, api_name="/generate")
                memory.append(resident_bytes())
                cached.append(size(cache))
            sweep(cache, time.time() + KEPT_SECONDS + 1)
            after = size(cache)
    grown = growth(memory)
    flat = grown < GROWTH and after == before
    figures = {"generations": options.generations, "memory_grown_bytes": grown, "last_memory_bytes": memory[-1]}
    print(json.dumps({**figures, "cache_most_bytes": max(cached), "cache_after_bytes": after, "flat": flat}))
    return 0 if flat else 1


def growth(measured: Sequence[int]) -> int:
    """From the second fifth to the last, by their medians: the first is warming up."""
    fifth = max(1, len(measured) // 5)
    return int(statistics.median(measured[-fifth:]) - statistics.median(measured[fifth : 2 * fifth]))


def resident_bytes() -> int:
    """Memory that this process holds (Linux)."""
    gc.collect()
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("the memory of this process is not known here")


if __name__ == "__main__":
    sys.exit(main())
