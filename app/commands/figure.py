"""python -m app figure distance|motion|signals|steps|budget: figures of the paper as data, from recordings."""

import argparse
from pathlib import Path
from typing import Any

from tqdm import tqdm

from app.common.files import atomic_path, check_writable, write_json
from app.lab.measured import MEASURED, RUNS
from app.lab.recorded_figures import FIGURES
from app.lab.recording import load_recording
from app.models.registry import load_model

HELP = (
    "distance: Fig. 2, right; motion: Fig. A.1; signals: beyond the paper; generated again: steps: Fig. 2, left; "
    "budget: Fig. 3"
)


def add_parser(commands: Any) -> None:
    """Register the command."""
    figure = commands.add_parser("figure", help="a figure of the paper from recordings", allow_abbrev=False)
    figure.set_defaults(run=run_figure)
    figure.add_argument("kind", choices=(*FIGURES, *MEASURED), help=HELP)
    figure.add_argument("--recordings", type=Path, required=True, help="folder of recordings")
    figure.add_argument("--out", type=Path, required=True, help="file to write, .csv or .json")


def run_figure(options: argparse.Namespace) -> int:
    """Write the figure's data."""
    if options.out.suffix not in (".csv", ".json"):
        raise ValueError(f"{options.out} must end in .csv or .json")
    paths = sorted(options.recordings.glob("*.json"))
    if not paths:
        raise ValueError(f"no recordings (*.json) in {options.recordings}")
    recordings = [load_recording(path) for path in paths]
    if len(models := {recording.model for recording in recordings}) > 1:
        raise ValueError(
            f"the recordings in {options.recordings} are of several models: {', '.join(sorted(models))}"
        )
    check_writable(options.out)
    if options.kind in FIGURES:
        figure = FIGURES[options.kind](recordings)
    else:
        with tqdm(total=len(recordings) * RUNS[options.kind], unit="run", delay=1e-9) as bar:
            model = load_model(recordings[0].model)
            figure = MEASURED[options.kind](model, recordings, lambda: bar.update() and None)
    if options.out.suffix == ".json":
        write_json(options.out, figure.to_json())
    else:
        with atomic_path(options.out) as temporary:
            temporary.write_text(figure.to_csv())
    print(f"{options.out}: {figure.title}, {len(figure.curves)} recordings")
    return 0
