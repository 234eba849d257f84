"""The figures of the paper that need generating: python -m app.training.figures

Measured on the shipped recordings, and written into assets/figures, where the Lab finds them.
"""

import argparse
from pathlib import Path

from tqdm import tqdm

from app.common.files import write_json
from app.common.paths import FIGURES, RECORDINGS
from app.lab.measured import MEASURED, RUNS
from app.lab.recording import Recording, load_recording
from app.models.base import VideoModel
from app.models.registry import load_model


def measure_figures(model: VideoModel, recordings: list[Recording], folder: Path) -> None:
    """Every figure on all recordings, one JSON each."""
    folder.mkdir(parents=True, exist_ok=True)
    with tqdm(total=len(recordings) * sum(RUNS.values()), unit="run") as bar:
        for kind, make in MEASURED.items():
            figure = make(model, recordings, lambda: bar.update() and None)
            write_json(folder / f"{model.card.id}-{kind}.json", figure.to_json(), compact=True)


def main() -> None:
    """Measure all of them anew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=Path, default=RECORDINGS)
    parser.add_argument("--out", type=Path, default=FIGURES)
    options = parser.parse_args()
    recordings = [load_recording(path) for path in sorted(options.recordings.glob("*.json"))]
    measure_figures(load_model("sprites"), recordings, options.out)


if __name__ == "__main__":
    main()
