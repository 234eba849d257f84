"""python -m app predictions: how far the pictures that the Lab predicts come true.

python -m app predictions --out DIR     every schedule on every recording generated for real, and the held-out fit
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from app.caching.method import ReuseOption
from app.caching.policy import NoCache
from app.commands.options import add_workers_options, workers_from
from app.common.files import atomic_path
from app.common.journal import Journal, Row
from app.common.paths import RECORDINGS
from app.generation.denoiser import Denoiser, fingerprint
from app.lab.pairs import REUSES, Pair, generated, is_reference, schedules_of
from app.lab.prediction import predictor
from app.lab.prediction_fit import PredictionFit, fit_predictions
from app.lab.prediction_plot import predicted_against_real
from app.lab.recording import Recording, load_recording
from app.metrics.quality.psnr import psnr
from app.models.base import VideoModel
from app.models.registry import load_model


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser("predictions", help="how far predicted pictures come true", allow_abbrev=False)
    parser.set_defaults(run=run)
    parser.add_argument("--recordings", type=Path, default=RECORDINGS, help="folder of recordings of one model")
    add_workers_options(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder; what is there is not measured again")


def run(options: argparse.Namespace) -> int:
    """Measure what is missing, fit, write the fit and its plot, print one JSON line."""
    recordings = read_recordings(options.recordings)
    model = load_model(recordings[0].model)
    weights = fingerprint(model)
    journal = Journal.open(options.out / "pairs.jsonl", {"model": model.card.id, "weights": weights})
    measured = {(row["prompt"], row["seed"], row["schedule"], row["reuse"]) for row in journal.rows}
    missing = []
    for recording in recordings:
        wanted = tuple(
            (name, computed, reuse)
            for name, computed in schedules_of(recording).items()
            for reuse in REUSES
            if (recording.prompt, recording.seed, name, reuse) not in measured
            and not is_reference(recording, computed, reuse)
        )
        missing += [Schedules(recording, wanted)] if wanted else []
    made = workers_from(options).results(Generating(model.card.id), missing, options.out)
    for _, rows in tqdm(made, total=len(missing), unit="prompt", delay=1e-9):
        for row in rows:
            journal.append(row)
    pairs = [Pair.from_json(row) for row in journal.rows]
    known = {(recording.prompt, recording.seed) for recording in recordings}
    fit = fit_predictions(model.card.id, weights, [p for p in pairs if (p.prompt, p.seed) in known], recordings)
    fit.save(options.out / f"{model.card.id}.json")
    with atomic_path(options.out / f"{model.card.id}.svg") as temporary:
        temporary.write_text(predicted_against_real(fit))
    print(json.dumps(summary(fit)))
    return 0


def read_recordings(folder: Path) -> list[Recording]:
    """The recordings of a folder, all of one model; a ValueError where one cannot predict pictures."""
    recordings = [load_recording(path) for path in sorted(folder.glob("*.json"))]
    if not recordings:
        raise ValueError(f"{folder}: no recordings are there; python -m app record makes them")
    models = sorted({recording.model for recording in recordings})
    if len(models) > 1:
        raise ValueError(f"{folder}: recordings of one model are needed, got {', '.join(models)}")
    for recording in recordings:
        predictor(recording)
    return recordings


@dataclass(frozen=True)
class Schedules:
    """What is generated on one recording: names, computed steps and reuse."""

    recording: Recording
    wanted: tuple[tuple[str, tuple[int, ...], ReuseOption], ...]


@dataclass(frozen=True)
class Generating:
    """The work of the command (`app.workers.work.Work`): a recording's schedules, generated for real."""

    model: str

    def prepare(self) -> VideoModel:
        """The model."""
        return load_model(self.model)

    def do(self, model: VideoModel, job: Schedules, folder: Path) -> list[Row]:
        """A row a schedule, each held against the baseline's video."""
        recording = job.recording
        baseline = Denoiser.start(
            model,
            model.encode_prompt(recording.prompt),
            NoCache(),
            seed=recording.seed,
            steps=recording.asked,
            guidance=recording.guidance,
        )
        video, rows = baseline.finish().decode(), []
        for name, computed, reuse in job.wanted:
            decibels = psnr(video, generated(model, recording, computed, reuse))
            rows.append(Pair(recording.prompt, recording.seed, name, reuse, computed, decibels).to_json())
        return rows


def summary(fit: PredictionFit) -> dict[str, Any]:
    """The figures of a fit, each prompt predicted by a scale that was fitted on the others."""
    return {
        "model": fit.model,
        "prompts": fit.prompts,
        "pairs": len(fit.pairs),
        "spearman": round(fit.correlation, 3),
        "mean_error_db": round(fit.mean_error_db, 2),
    }
