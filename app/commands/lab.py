"""python -m app record, simulate and calibrate: the Codebook Lab from the command line."""

import argparse
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

from tqdm import tqdm

from app.commands.options import (
    adacache_from,
    add_adacache_options,
    add_probe_options,
    add_seed_option,
    parse_locations,
    probing_from,
)
from app.common.files import check_writable, read_lines, write_json
from app.generation import run_notes
from app.lab.calibrate import Calibration, calibrate, check_wish
from app.lab.check import Check, check
from app.lab.folder import RecordingsFolder
from app.lab.prediction import predictor
from app.lab.prediction_fit import scale_for
from app.lab.record import record
from app.lab.recorder import RecorderConfig
from app.lab.recording import Recording, load_recording
from app.lab.simulate import simulate
from app.models.registry import card, load_model

MAX_PROMPTS, MAX_PROMPT_BYTES = 500, 2_000_000


def add_parser(commands: Any) -> None:
    """Register the three commands."""
    recording = commands.add_parser("record", help="record a baseline run for simulation", allow_abbrev=False)
    recording.set_defaults(run=run_record)
    recording.add_argument("--model", default="sprites")
    recording.add_argument("--prompt", required=True)
    add_seed_option(recording)
    recording.add_argument("--steps", type=int, help="denoising steps (default: the model's)")
    recording.add_argument("--guidance", type=float, help="guidance scale (default: the model's)")
    recording.add_argument("--residual", default="temporal-attn")
    recording.add_argument("--locations", default="mid")
    recording.add_argument("--max-lag", type=int, default=12, help="longest cache rate that can be simulated")
    recording.add_argument("--subsample", type=int, default=1, help="keep every k-th patch only")
    recording.add_argument("--out", type=Path, required=True, help="JSON file to write")

    simulating = commands.add_parser(
        "simulate", help="what a codebook would do on a recording", allow_abbrev=False
    )
    simulating.set_defaults(run=run_simulate)
    simulating.add_argument("recording", type=Path)
    simulating.add_argument("--check", action="store_true", help="also generate for real and state the difference")
    add_adacache_options(simulating)

    calibrating = commands.add_parser("calibrate", help="find a codebook for a wished speedup", allow_abbrev=False)
    calibrating.set_defaults(run=run_calibrate)
    calibrating.add_argument("--model", default="sprites")
    calibrating.add_argument("--speedup", type=float)
    calibrating.add_argument("--error", type=float, help="instead of a speedup: the largest mean error")
    calibrating.add_argument("--prompts", type=Path, required=True, help="text file, one prompt a line")
    add_seed_option(calibrating)
    calibrating.add_argument("--steps", type=int, help="denoising steps to calibrate for (default: the model's)")
    calibrating.add_argument(
        "--recordings",
        type=Path,
        help="folder of recordings, reused and added to (default: beside the codebook, OUT-recordings)",
    )
    calibrating.add_argument("--out", type=Path, required=True, help="codebook JSON to write")
    add_probe_options(calibrating)


def run_record(options: argparse.Namespace) -> int:
    """Record one run."""
    model = load_model(options.model)
    config = RecorderConfig(
        residual=options.residual,
        locations=parse_locations(options.locations),
        max_lag=options.max_lag,
        subsample=options.subsample,
    )
    check_writable(options.out)
    steps = model.card.steps if options.steps is None else options.steps
    with tqdm(total=steps, unit="step", delay=1e-9) as bar:
        recording = record(
            model,
            options.prompt,
            seed=options.seed,
            steps=steps,
            guidance=model.card.guidance if options.guidance is None else options.guidance,
            config=config,
            on_step=lambda step: bar.update() and None,
        )
    recording.save(options.out)
    return 0


def run_simulate(options: argparse.Namespace) -> int:
    """Print the predicted schedule as JSON, and with --check the real one beside it."""
    recording = load_recording(options.recording)
    config = adacache_from(options, card(recording.model))
    for sentence in run_notes.of_codebook(config, recording.model, recording.asked):
        print(sentence, file=sys.stderr)
    simulation = simulate(recording, config)
    answer: dict[str, object] = {
        "computed_steps": list(simulation.computed),
        "rates": [decision.rate for decision in simulation.decisions],
        "predicted_speedup": simulation.speedup,
        "predicted_error": simulation.error,
    }
    if recording.velocities is not None:  # older recordings cannot tell
        answer["predicted_psnr_db"] = float(
            predictor(recording, scale_for(recording.model)).db([simulation.computed], config.reuse)[0]
        )
    if options.check:
        answer["check"] = check_to_json(check(load_model(recording.model), recording, config))
    print(json.dumps(answer))
    return 0


def run_calibrate(options: argparse.Namespace) -> int:
    """Record the prompts that are not recorded yet, choose, and write the codebook with how it was made.

    What can be known to be wrong is said before anything is recorded, and every recording is kept as soon as it is
    made: what fails later, or is interrupted, goes on from there.
    """
    model = card(options.model)
    method = probing_from(options, model)
    prompts = read_prompts(options.prompts)
    steps = model.steps if options.steps is None else options.steps
    check_wish(options.speedup, options.error, len(prompts), steps)
    check_writable(options.out)
    folder = options.recordings or options.out.with_name(f"{options.out.stem}-recordings")
    recordings = RecordingsFolder(folder, load_model(options.model), options.seed, steps, method).of(prompts)
    print(f"{folder}: {len(recordings)} recordings", file=sys.stderr)
    calibration = calibrate(recordings, method, speedup=options.speedup, error=options.error)
    write_json(options.out, calibrated_preset(options, calibration, recordings))
    chosen, (held_out, spread) = calibration.chosen, calibration.held_out_speedup
    print(f"{options.out}: {json.dumps(chosen.codebook.to_json())}")
    print(
        f"predicted {chosen.speedup:.2f}x at error {chosen.error:.4f}; on held-out prompts {held_out:.2f}x, "
        f"standard deviation {spread:.2f} over {len(calibration.held_out)} folds"
    )
    return 0


def read_prompts(path: Path) -> list[str]:
    """Prompts of a text file, one a line; empty lines and repetitions are left out."""
    prompts = list(read_lines(path, MAX_PROMPT_BYTES))
    if not 2 <= len(prompts) <= MAX_PROMPTS:
        raise ValueError(f"{path} must hold 2 to {MAX_PROMPTS} prompts, one a line, got {len(prompts)}")
    return prompts


def calibrated_preset(
    options: argparse.Namespace, calibration: Calibration, recordings: list[Recording]
) -> dict[str, Any]:
    """The codebook in the form of assets/codebooks, with how it was made."""
    wish = f"{options.speedup:g}x" if options.speedup is not None else f"error {options.error:g}"
    motion = " with motion regularisation" if options.motion else ""
    return {
        "title": f"Calibrated for {wish}{motion}",
        "steps": recordings[0].steps,
        "models": [options.model],
        "source": f"python -m app calibrate on {len(recordings)} prompts, seed {options.seed}, {date.today()}",
        "codebook": calibration.chosen.codebook.to_json(),
        "calibration": {
            "wish": wish,
            "motion": options.motion,
            "predicted_speedup": calibration.chosen.speedup,
            "predicted_error": calibration.chosen.error,
            "held_out": [list(fold) for fold in calibration.held_out],
            "prompts": [recording.prompt for recording in recordings],
        },
    }


def check_to_json(checked: Check) -> dict[str, object]:
    """The difference between the simulated and the real run."""
    return {
        "real_computed_steps": list(checked.real),
        "same_schedule": checked.same,
        "difference_in_computed_steps": checked.difference,
        "real_seconds_a_step": checked.seconds_a_step,
    }
