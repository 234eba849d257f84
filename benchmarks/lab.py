"""How well the Lab predicts: python -m benchmarks.lab --out DIR

Records 16 prompts and calibrates two codebooks on them: one for the wished speedup, one for the computed fraction
that the paper's fast codebook has on these recordings. Then, on 50 prompts it has not seen:
- simulates the first on a recording of each and generates for real: how often both schedules are equal step for
  step, and by how many computed steps they differ;
- on 16 of them, measures steps / computed steps against the wish, and the PSNR of the paper's fast codebook and of
  the one calibrated for the same computed fraction.
Prints one JSON line. Goes on after a kill.
"""

import argparse
import json
import sys
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from tqdm import tqdm

from app.caching.codebook import Codebook, load_codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.methods.adacache_policy import AdaCache
from app.caching.policy import CachePolicy
from app.common.journal import Journal
from app.generation.denoiser import Denoiser, fingerprint
from app.lab.calibrate import Wish, calibrate_scores, score_family
from app.lab.record import recording_of, watched
from app.lab.recorder import Recorder, RecorderConfig
from app.lab.recording import Recording, load_recording
from app.lab.simulate import simulate
from app.lab.velocities import VelocityRecorder
from app.metrics.quality.psnr import psnr
from app.models.base import Frames, VideoModel
from app.models.registry import load_model
from app.models.sprites.captions import describe
from app.models.sprites.world import draw_factors

CALIBRATION_PROMPTS = 16
QUALITY_PROMPTS = 16


def main() -> int:
    """Calibrate, predict, generate, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompts", type=int, default=50)
    parser.add_argument("--speedup", type=float, default=2.0)
    parser.add_argument("--out", type=Path, required=True, help="folder; what is already there is kept")
    options = parser.parse_args()
    model = load_model("sprites")
    seen = calibration_recordings(model, options.out / f"recordings-{fingerprint(model)}")
    wished, matched = calibrated(seen, options.speedup)
    methods = {"wished": wished, "matched": matched, "paper": AdaCacheConfig(load_codebook("fast"))}
    codebooks = {name: method.codebook.to_json() for name, method in methods.items()}
    journal = Journal.open(options.out / "lab.jsonl", {"weights": fingerprint(model), "codebooks": codebooks})
    first = CALIBRATION_PROMPTS
    for index in tqdm(range(first + len(journal.rows), first + options.prompts), desc="generate", delay=1e-9):
        journal.append(measure(model, index, methods, quality=index < first + QUALITY_PROMPTS))
    print(json.dumps({"codebooks": codebooks, **figures(journal.rows[: options.prompts], options.speedup)}))
    return 0


def calibration_recordings(model: VideoModel, folder: Path) -> list[Recording]:
    """The recordings to calibrate on, made once for the same weights."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in tqdm(range(CALIBRATION_PROMPTS), desc="record", delay=1e-9):
        path = folder / f"{index:03d}.json"
        if not path.is_file():
            recorded(model, index)[0].save(path)
    return [load_recording(path) for path in sorted(folder.glob("*.json"))]


def calibrated(recordings: list[Recording], speedup: float) -> tuple[AdaCacheConfig, AdaCacheConfig]:
    """AdaCache for a wished speedup, and for the predicted speedup of the paper's fast codebook."""
    scores = score_family(recordings, AdaCacheConfig(Codebook((1.0,), (1,))))
    paper = AdaCacheConfig(load_codebook("fast"))
    reached = mean(simulate(recording, paper).speedup for recording in recordings)
    wished, matched = (
        calibrate_scores(scores, len(recordings), Wish(target)).chosen.codebook for target in (speedup, reached)
    )
    return AdaCacheConfig(wished), AdaCacheConfig(matched)


def measure(model: VideoModel, index: int, methods: dict[str, AdaCacheConfig], quality: bool) -> dict[str, Any]:
    """One prompt: simulated and real steps under the wished codebook, and the quality under all of them."""
    recording, reference = recorded(model, index)
    predicted = simulate(recording, methods["wished"]).computed
    runs = {name: generate(model, index, AdaCache(methods[name])) for name in (methods if quality else ["wished"])}
    real = runs["wished"][1]
    return {
        "index": index,
        "simulated": predicted,
        "real": real,
        "psnr_db": {name: psnr(reference, video) for name, (video, _) in runs.items()} if quality else None,
        "steps_over_computed": {name: recording.steps / len(steps) for name, (_, steps) in runs.items()},
    }


def figures(rows: list[dict[str, Any]], speedup: float) -> dict[str, Any]:
    """Means over the prompts."""
    judged = [row for row in rows if row["psnr_db"] is not None]
    per_run = {
        f"{name}_{figure}": mean(row[figure][name] for row in judged)
        for name in ("wished", "matched", "paper")
        for figure in ("steps_over_computed", "psnr_db")
    }
    return {
        "prompts": len(rows),
        "same_schedule": mean(tuple(row["simulated"]) == tuple(row["real"]) for row in rows),
        "mean_difference_in_computed_steps": mean(abs(len(row["simulated"]) - len(row["real"])) for row in rows),
        "wish": speedup,
        "quality_prompts": len(judged),
        **per_run,
    }


def recorded(model: VideoModel, index: int) -> tuple[Recording, Frames]:
    """A recording of a composed prompt and the unaccelerated video of the same run."""
    recorder, prompt = Recorder(RecorderConfig()), prompt_of(index)
    run, velocities = started(model, index, recorder), VelocityRecorder.of(model.schedule(model.card.steps))
    for _ in watched(run, velocities):
        pass
    return recording_of(run, recorder, velocities, prompt, index, model.card.steps), run.decode()


def generate(model: VideoModel, index: int, policy: CachePolicy) -> tuple[Frames, tuple[int, ...]]:
    """The video of a composed prompt under a policy, and the steps it computed."""
    run = started(model, index, policy).finish()
    return run.decode(), run.computed_steps


def started(model: VideoModel, index: int, policy: CachePolicy) -> Denoiser:
    """A run of a composed prompt before its first step."""
    card, conditioning = model.card, model.encode_prompt(prompt_of(index))
    settings = {"steps": card.steps, "guidance": card.guidance}
    return Denoiser.start(model, conditioning, policy, seed=index, **settings)  # type: ignore[arg-type]


def prompt_of(index: int) -> str:
    """A composed Sprites prompt; the index decides it."""
    random = np.random.default_rng(index)
    return describe(draw_factors(random, held_out=True), random)


if __name__ == "__main__":
    sys.exit(main())
