"""python -m app record and simulate: recordings, and what a schedule would do on one, from the command line."""

import argparse
import json
import math
import sys
from pathlib import Path
from typing import Any, get_args

from tqdm import tqdm

from app.caching.method import ReuseOption, WholeStackMethod
from app.caching.methods.adacache import AdaCacheConfig, ProbeResidual
from app.caching.names import named_method
from app.commands.options import (
    EVERY_STEP,
    adacache_from,
    add_adacache_options,
    add_seed_option,
    add_workers_options,
    parse_locations,
    workers_from,
)
from app.common.files import check_writable, read_lines
from app.generation import run_notes
from app.lab.check import Check, check
from app.lab.folder import RecordingsFolder
from app.lab.prediction import predictor
from app.lab.prediction_fit import scale_for
from app.lab.record import check_recordable, record
from app.lab.recorder import RecorderConfig
from app.lab.recording import Recording, load_recording
from app.lab.simulate import planned, simulate
from app.models.base import VideoModel
from app.models.registry import card, load_model
from app.workers.workers import Workers

MAX_PROMPTS, MAX_PROMPT_BYTES = 500, 2_000_000
MAX_LAG = RecorderConfig().max_lag


def add_parser(commands: Any) -> None:
    """Register both commands."""
    recording = commands.add_parser("record", help="record a baseline run for simulation", allow_abbrev=False)
    recording.set_defaults(run=run_record)
    recording.add_argument("--model", default="sprites")
    prompts = recording.add_mutually_exclusive_group(required=True)
    prompts.add_argument("--prompt")
    prompts.add_argument("--prompts", type=Path, metavar="FILE", help="a prompt a line, each recorded into --out")
    add_seed_option(recording)
    recording.add_argument("--steps", type=int, help="denoising steps (default: the model's)")
    recording.add_argument("--guidance", type=float, help="guidance scale (default: the model's)")
    recording.add_argument("--residual", choices=get_args(ProbeResidual), default="temporal-attn")
    recording.add_argument("--locations", default="mid")
    recording.add_argument("--max-lag", type=int, default=MAX_LAG, help="longest cache rate that can be simulated")
    recording.add_argument("--subsample", type=int, default=1, help="keep every k-th patch only")
    add_workers_options(recording)
    recording.add_argument("--out", type=Path, required=True, help="JSON file; with --prompts a folder")

    simulating = commands.add_parser(
        "simulate", help="what a codebook would do on a recording", allow_abbrev=False
    )
    simulating.set_defaults(run=run_simulate)
    simulating.add_argument("recording", type=Path)
    simulating.add_argument("--check", action="store_true", help="also generate for real and state the difference")
    simulating.add_argument(
        "--method",
        default="adacache",
        help="adacache, or one known before the run: even-12, magcache-2.5x+forecast",
    )
    add_adacache_options(simulating)


def run_record(options: argparse.Namespace) -> int:
    """Record one run, or what is missing of a file of prompts."""
    check_recordable(card(options.model))
    model = load_model(options.model)
    if options.prompts is not None:
        return record_prompts(model, options)
    if workers_from(options) != Workers():
        raise ValueError("--workers and --ray share out the recordings of --prompts")
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


def record_prompts(model: VideoModel, options: argparse.Namespace) -> int:
    """Record the prompts of a file that are not recorded yet."""
    if options.max_lag != MAX_LAG or options.guidance is not None:
        raise ValueError("--max-lag and --guidance are for one --prompt; --prompts records with the usual ones")
    if options.out.is_file():
        raise ValueError(f"{options.out} is a file; --prompts needs a folder")
    method = AdaCacheConfig(
        EVERY_STEP,
        residual=options.residual,
        locations=parse_locations(options.locations),
        subsample=options.subsample,
    )
    steps = model.card.steps if options.steps is None else options.steps
    prompts = read_lines(options.prompts, MAX_PROMPT_BYTES)
    if not 1 <= len(prompts) <= MAX_PROMPTS:
        raise ValueError(f"{options.prompts} must hold 1 to {MAX_PROMPTS} prompts, one a line, got {len(prompts)}")
    folder = RecordingsFolder(options.out, model, options.seed, steps, method)
    print(f"{options.out}: {len(folder.of(prompts, workers_from(options)))} recordings")
    return 0


def run_simulate(options: argparse.Namespace) -> int:
    """Print the predicted schedule as JSON, and with --check the real one beside it."""
    recording = load_recording(options.recording)
    if options.method != "adacache":
        return _simulate_planned(recording, options)
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
    answer.update(_picture(recording, simulation.computed, config.reuse))
    if options.check:
        answer["check"] = check_to_json(check(load_model(recording.model), recording, config))
    print(json.dumps(answer))
    return 0


def _simulate_planned(recording: Recording, options: argparse.Namespace) -> int:
    model = card(recording.model)
    method = named_method(options.method, model.id, model.motion)
    if not isinstance(method, WholeStackMethod) or isinstance(method, AdaCacheConfig):
        raise ValueError(f"{options.method[:40]!r} has no schedule of whole steps that is known before the run")
    if options.check or options.codebook:
        raise ValueError("--check and --codebook are for AdaCache; python -m app generate runs any method")
    simulation = planned(recording, method)
    answer: dict[str, object] = {
        "computed_steps": list(simulation.computed),
        "predicted_speedup": simulation.speedup,
        "predicted_error": None if math.isnan(simulation.error) else simulation.error,
    }
    print(json.dumps({**answer, **_picture(recording, simulation.computed, method.reuse)}))
    return 0


def _picture(recording: Recording, computed: tuple[int, ...], reuse: ReuseOption) -> dict[str, object]:
    """The predicted PSNR and its uncertainty; nothing for older recordings, which cannot tell."""
    if recording.velocities is None:
        return {}
    scale = scale_for(recording.model)
    predicted = float(predictor(recording, scale).db([computed], reuse)[0])
    return {"predicted_psnr_db": predicted, "uncertainty_db": scale.uncertainty_db}


def check_to_json(checked: Check) -> dict[str, object]:
    """The difference between the simulated and the real run."""
    return {
        "real_computed_steps": list(checked.real),
        "same_schedule": checked.same,
        "difference_in_computed_steps": checked.difference,
        "real_seconds_a_step": checked.seconds_a_step,
    }
