"""Calibration for one model: from recorded baselines to a codebook that computes a wished number of steps.

Thresholds come from calibrate.py; with them go the motion regularisation that fits the model (motion_fit.py) and
what the codebook was made for, so that a run of anything else can say so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import mean
from typing import Any

from app.caching.codebook import Codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.common.validation import number, text
from app.generation.request import MAX_PROMPT
from app.lab.calibrate import Wish, calibrate_scores, check_count, score_family
from app.lab.motion_fit import fitted_motion
from app.lab.objective import usual_objective
from app.lab.recording import MIN_SECONDS, Recording
from app.lab.rival import even_rival
from app.lab.simulate import simulate
from app.models.base import ModelCard

MAX_PROMPTS = 24
USUAL_PROMPTS = 4  # of the model's own, where none are given
USUAL_SHARE = 0.4  # of the steps computed: the paper's fast variant computes 12.4 of 30


@dataclass(frozen=True)
class Target:
    """What is wished: computed steps on average, or a speedup; one of them."""

    computed: float | None = None
    speedup: float | None = None

    def __post_init__(self) -> None:
        if (self.computed is None) == (self.speedup is None):
            raise ValueError("calibrate for either a number of computed steps or a speedup")
        if self.speedup is not None:
            Wish(self.speedup)  # which checks it

    def check(self, count: int, steps: int) -> None:
        """A ValueError where no recordings can fulfil it: `count` of them, `steps` each."""
        check_count(count)
        if self.computed is not None:
            number("the wished computed steps", self.computed, 1, steps - 0.5)
        if self.speedup is not None:
            Wish(self.speedup).check(count, steps)

    def __str__(self) -> str:
        return f"{self.computed:g} computed" if self.computed is not None else f"{self.speedup:g}x"


@dataclass(frozen=True)
class ModelCalibration:
    """A codebook for a model and what is predicted of it; counts are computed steps, simulated a recording."""

    codebook: Codebook
    target: Target
    counts: tuple[int, ...]
    counts_with_motion: tuple[int, ...]
    speedup: float  # at the measured costs of computed and reused steps
    predicted: str  # the loss, in words
    even: str  # how even steps of the same compute do, in a sentence


def calibrate_model(
    recordings: Sequence[Recording],
    card: ModelCard,
    method: AdaCacheConfig,
    target: Target,
    poll: Callable[[], None] = lambda: None,
) -> ModelCalibration:
    """The codebook whose mean number of computed steps, or speedup, is the wished one, at the least loss.

    `method` gives what is measured; `poll` may raise to break off. A ValueError says what the recordings allow.
    """
    given, plain = list(recordings), replace(method, motion=None)
    target.check(len(given), given[0].steps)
    objective = usual_objective(given)
    priced, wish = _priced(given, target)
    found = calibrate_scores(score_family(priced, plain, objective, poll), len(given), wish, objective)
    plain = replace(plain, codebook=found.chosen.codebook)
    fits = method.formula == "official" and method.latent_signal is None  # the paper's formula has no constants
    motion = fitted_motion(given, plain, card.motion) if fits else None
    runs = [simulate(recording, plain) for recording in given]
    regularised = runs if motion is None else [simulate(r, replace(plain, motion=motion)) for r in given]
    return ModelCalibration(
        codebook=replace(
            found.chosen.codebook, steps=given[0].asked, models=(card.id,), signal=method.signal, motion=motion
        ),
        target=target,
        counts=tuple(len(run.computed) for run in runs),
        counts_with_motion=tuple(len(run.computed) for run in regularised),
        speedup=mean(run.speedup for run in runs),
        predicted=objective.text(found.chosen.loss),
        even=even_rival(priced, found, method.reuse, objective).sentence(objective, found.held_out_loss),
    )


def prompts_for(card: ModelCard, given: Sequence[str] = ()) -> tuple[str, ...]:
    """The prompts to record: those given, or a few of the model's own; a ValueError says what does not fit."""
    prompts = tuple(dict.fromkeys(" ".join(prompt.split()) for prompt in given if prompt.strip()))
    prompts = prompts or card.example_prompts[:USUAL_PROMPTS]
    if not 2 <= len(prompts) <= MAX_PROMPTS:
        raise ValueError(f"calibration takes 2 to {MAX_PROMPTS} prompts, one a line, got {len(prompts)}")
    for prompt in prompts:
        text("a prompt", prompt, MAX_PROMPT)
    return prompts


def usual_target(steps: int) -> Target:
    """The share of the steps that the paper's fast variant computes.

    >>> usual_target(30)
    Target(computed=12, speedup=None)
    """
    return Target(computed=max(2, round(USUAL_SHARE * steps)))


def preset_of(
    found: ModelCalibration, card: ModelCard, recordings: Sequence[Recording], made: datetime
) -> dict[str, Any]:
    """The codebook as a preset's file, named after model, steps, size and date, with how it was made."""
    first = recordings[0]
    size = first.size or card.size
    motion = found.codebook.motion
    counted = f"{mean(found.counts):.3g} of {first.steps} steps computed"
    also = "" if motion is None else f", {mean(found.counts_with_motion):.3g} with motion regularisation"
    return {
        "title": f"{card.title}, {first.asked} steps, {size}, {made:%Y-%m-%d}: {found.target}",
        "source": f"Calibrated on {len(recordings)} recordings, seed {first.seed}: simulated {counted}{also}, "
        f"predicted {found.speedup:.2f}x at {found.predicted}. {found.even}",
        "codebook": found.codebook.to_json(),
        **found.codebook.made_for(),
        "calibration": {
            "made": made.isoformat(timespec="seconds"),
            "size": vars(size),
            "wish": str(found.target),
            "computed_steps": list(found.counts),
            "computed_steps_with_motion": list(found.counts_with_motion),
            "predicted_speedup": found.speedup,
            "prompts": [recording.prompt for recording in recordings],
            "seed": first.seed,
        },
    }


def preset_name(card: ModelCard, recordings: Sequence[Recording], made: datetime) -> str:
    """The name of its file, which is the preset's id."""
    first = recordings[0]
    size = first.size or card.size
    stem = f"{card.id}-{first.asked}-steps-{size.width}x{size.height}x{size.frames}"
    return f"{stem.replace('.', '_')}-{made:%Y%m%d-%H%M%S}"


def _priced(recordings: list[Recording], target: Target) -> tuple[list[Recording], Wish]:
    """The recordings with the costs by which the wish is counted; for computed steps a reused step costs nothing.

    So steps are hit whatever a busy machine has measured.
    """
    if target.computed is None:
        return recordings, Wish(target.speedup)
    free = [replace(recording, computed_seconds=1.0, reused_seconds=MIN_SECONDS) for recording in recordings]
    return free, Wish(recordings[0].steps / target.computed)
