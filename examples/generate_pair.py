"""Generate a prompt with and without AdaCache and read the decisions: python examples/generate_pair.py OUT_FOLDER

Runs on the embedded model, without a GPU.
"""

import sys
from pathlib import Path

from app import AdaCacheConfig, Request, generate_pair, load_codebook
from app.generation.events import Compared, Step


def main(out: str) -> None:
    """Print the accelerated side's distances and rates while they are measured, then what was gained."""
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    request = Request(
        "sprites", "a dog moving right fast over snow", AdaCacheConfig(load_codebook("sprites-fast"))
    )
    for event in generate_pair(request, folder):
        if isinstance(event, Step) and event.side == "accelerated" and event.record.distance is not None:
            print(f"step {event.record.step}: distance {event.record.distance:.3f}, rate {event.record.rate}")
        if isinstance(event, Compared):
            print(f"{event.summary['speedup']:.2f}x, PSNR {event.summary['quality']['psnr']:.1f} dB")


if __name__ == "__main__":
    main(sys.argv[1])
