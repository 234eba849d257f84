"""python -m app calibrate: a codebook for a wished speedup or quality, cross-validated over prompts.

python -m app calibrate --prompts FILE --speedup 2.5 --signals temporal-attn,velocity-length --out book.json
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, cast

from app.caching.latent_signals import LATENT_SIGNALS
from app.caching.method import ReuseOption
from app.caching.methods.adacache import PROBES, AdaCacheConfig, Probed
from app.commands.options import (
    add_probe_options,
    add_seed_option,
    add_workers_options,
    probing_from,
    workers_from,
)
from app.common.files import check_writable, read_lines, write_json
from app.lab.calibrate import Calibration, Wish, calibrate_scores, score_family
from app.lab.folder import RecordingsFolder
from app.lab.objective import OBJECTIVES, Objective, usual_objective
from app.lab.prediction import REUSES
from app.lab.record import check_recordable
from app.lab.recording import Recording
from app.lab.rival import Rival, even_rival
from app.models.registry import card, load_model

LATENT: dict[str, Any] = {"distance": "l2", "motion": None}  # of every latent signal
MAX_PROMPTS, MAX_PROMPT_BYTES = 500, 2_000_000


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser("calibrate", help="find a codebook for a wished speedup", allow_abbrev=False)
    parser.set_defaults(run=run)
    parser.add_argument("--model", default="sprites")
    parser.add_argument("--speedup", type=float)
    parser.add_argument("--db", type=float, help="instead of a speedup: the least predicted PSNR")
    parser.add_argument("--error", type=float, help="instead of a speedup: the largest mean change of the probe")
    parser.add_argument(
        "--objective",
        choices=tuple(OBJECTIVES),
        help="what is made best: the predicted picture, its worst decile, or the change of the probe "
        "(default: the picture where recordings can tell it)",
    )
    parser.add_argument("--prompts", type=Path, required=True, help="text file, one prompt a line")
    add_seed_option(parser)
    parser.add_argument("--steps", type=int, help="denoising steps to calibrate for (default: the model's)")
    parser.add_argument(
        "--signals", help=f"several to choose from, separated by commas: {', '.join(PROBES)} (default: --residual)"
    )
    parser.add_argument("--reuse", default="hold", help=f"one or several of {', '.join(REUSES)} (default: hold)")
    parser.add_argument(
        "--recordings",
        type=Path,
        help="folder of recordings, reused and added to (default: beside the codebook, OUT-recordings)",
    )
    add_workers_options(parser)
    parser.add_argument("--out", type=Path, required=True, help="codebook JSON to write")
    add_probe_options(parser)


def run(options: argparse.Namespace) -> int:
    """Record the prompts that are not recorded yet, choose, and write the codebook with how it was made.

    What can be known to be wrong is said before anything is recorded, and every recording is kept as soon as it is
    made: what fails later, or is interrupted, goes on from there.
    """
    model = card(options.model)
    check_recordable(model)
    methods = methods_from(options, probing_from(options, model))
    prompts = read_prompts(options.prompts)
    steps = model.steps if options.steps is None else options.steps
    wish_from(options, objective_from(options, [])).check(len(prompts), steps)
    check_writable(options.out)
    folder = options.recordings or options.out.with_name(f"{options.out.stem}-recordings")
    recordings = RecordingsFolder(folder, load_model(options.model), options.seed, steps, methods[0]).of(
        prompts, workers_from(options)
    )
    print(f"{folder}: {len(recordings)} recordings", file=sys.stderr)
    objective = objective_from(options, recordings)
    wish = wish_from(options, objective)
    found = {
        method: calibrate_scores(score_family(recordings, method, objective), len(recordings), wish, objective)
        for method in methods
    }
    method, best = min(found.items(), key=lambda item: item[1].held_out_loss)
    rival = even_rival(recordings, best, method.reuse, objective)
    write_json(options.out, calibrated_preset(options, method, best, recordings, objective, rival))
    report(options.out, found, method, objective, rival)
    return 0


def methods_from(options: argparse.Namespace, probing: AdaCacheConfig) -> list[AdaCacheConfig]:
    """AdaCache with every signal and reuse to choose from; a ValueError names an unknown one."""
    reuses = [name.strip() for name in options.reuse.split(",")]
    signals = [probing.residual] if options.signals is None else [s.strip() for s in options.signals.split(",")]
    for name, value, known in [("signal", s, PROBES) for s in signals] + [("reuse", r, REUSES) for r in reuses]:
        if value not in known:
            raise ValueError(f"a {name} is one of {', '.join(known)}, got {value[:40]!r}")
    if len({residual for residual in signals if residual not in LATENT_SIGNALS}) > 1:
        raise ValueError(
            "recordings keep one residual inside the model; --signals takes one beside latent signals"
        )
    methods = []
    for signal in sorted(signals, key=lambda signal: signal in LATENT_SIGNALS):  # recorded with the residual
        measured = replace(probing, residual=cast(Probed, signal), **(LATENT if signal in LATENT_SIGNALS else {}))
        methods += [replace(measured, reuse=cast(ReuseOption, reuse)) for reuse in reuses]
    return methods


def objective_from(options: argparse.Namespace, recordings: Sequence[Recording]) -> Objective:
    """The objective asked for; by default what the wish speaks of and the recordings can tell."""
    if options.objective is not None:
        return OBJECTIVES[options.objective]
    if options.error is not None:
        return OBJECTIVES["probe"]
    return usual_objective(recordings)


def wish_from(options: argparse.Namespace, objective: Objective) -> Wish:
    """The wish of the options; a ValueError says what is wrong with it."""
    return Wish.of(objective, options.speedup, options.error, options.db)


def read_prompts(path: Path) -> list[str]:
    """Prompts of a text file, one a line; empty lines and repetitions are left out."""
    prompts = list(read_lines(path, MAX_PROMPT_BYTES))
    if not 2 <= len(prompts) <= MAX_PROMPTS:
        raise ValueError(f"{path} must hold 2 to {MAX_PROMPTS} prompts, one a line, got {len(prompts)}")
    return prompts


def report(
    out: Path,
    found: dict[AdaCacheConfig, Calibration],
    chosen: AdaCacheConfig,
    objective: Objective,
    rival: Rival,
) -> None:
    """Say what was chosen, out of what, and how an even schedule does beside it."""
    if len(found) > 1:
        print(f"{'signal':22}{'reuse':14}held-out {objective.title}")
        for method, calibration in found.items():
            print(f"{method.residual:22}{method.reuse:14}{objective.text(calibration.held_out_loss)}")
    best = found[chosen]
    held_out, spread = best.held_out_speedup
    print(f"{out}: {best.chosen.codebook.to_json()}, measuring {chosen.residual}, reuse {chosen.reuse}")
    print(
        f"predicted {best.chosen.speedup:.2f}x at {objective.text(best.chosen.loss)}; on held-out prompts "
        f"{held_out:.2f}x, standard deviation {spread:.2f} over {len(best.held_out)} folds, "
        f"{objective.text(best.held_out_loss)}"
    )
    print(rival.sentence(objective, best.held_out_loss))


def calibrated_preset(
    options: argparse.Namespace,
    method: AdaCacheConfig,
    calibration: Calibration,
    recordings: list[Recording],
    objective: Objective,
    rival: Rival,
) -> dict[str, Any]:
    """The codebook in the form of assets/codebooks, with how it was made."""
    wishes = ((options.speedup, "{:g}x"), (options.db, "{:g} dB"), (options.error, "error {:g}"))
    wish = next(text.format(value) for value, text in wishes if value is not None)
    motion = " with motion regularisation" if method.motion else ""
    signal = f" on {method.residual}" if method.latent_signal else ""
    return {
        "title": f"Calibrated for {wish}{signal}{motion}",
        "steps": recordings[0].steps,
        "models": [options.model],
        "signal": method.signal,
        "source": f"python -m app calibrate on {len(recordings)} prompts, seed {options.seed}, {date.today()}",
        "codebook": calibration.chosen.codebook.to_json(),
        "calibration": {
            "wish": wish,
            "motion": method.motion is not None,
            "residual": method.residual,
            "distance": method.distance,
            "formula": method.formula,
            "reuse": method.reuse,
            "objective": objective.name,
            "predicted_speedup": calibration.chosen.speedup,
            "predicted": objective.text(calibration.chosen.loss),
            "held_out": [list(fold) for fold in calibration.held_out],
            "even_steps": rival.computed,
            "even_predicted": objective.text(rival.loss),
            "prompts": [recording.prompt for recording in recordings],
        },
    }
