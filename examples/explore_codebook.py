"""Ask what codebooks would do, without generating again: python examples/explore_codebook.py

Simulates the presets on the recordings that ship and calibrates a codebook for twice the speed.
"""

from app import AdaCacheConfig, calibrate, load_codebook, simulate
from app.common.paths import RECORDINGS
from app.lab.recording import load_recording


def main() -> None:
    """Print simulated schedules and the calibrated codebook."""
    recordings = [load_recording(path) for path in sorted(RECORDINGS.glob("*.json"))]
    for name in ("slow", "fast", "sprites-fast"):
        simulated = simulate(recordings[0], AdaCacheConfig(load_codebook(name)))
        print(f"{name}: computes {simulated.computed}, simulated {simulated.speedup:.2f}x")
    found = calibrate(recordings, AdaCacheConfig(load_codebook("fast")), speedup=2.0)
    print(f"for 2x: {found.chosen.codebook.to_json()}, simulated {found.chosen.speedup:.2f}x")


if __name__ == "__main__":
    main()
