"""Predicted against real: schedules generated for real on recorded prompts, beside what is predicted of them.

The schedules are even ones, uneven ones and those that codebooks choose, each held and forecast.
"""

from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from typing import Any, Self

from app.caching.codebook import presets
from app.caching.method import ReuseOption
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.methods.listed_steps import ListedStepsConfig
from app.caching.registry import build_policy
from app.generation.denoiser import Denoiser
from app.lab.prediction import Steps
from app.lab.recording import Recording
from app.lab.simulate import check_probe, simulate
from app.models.base import Frames, VideoModel

EVEN = (2, 3, 4, 5)
UNEVEN = ((0.25, 1.4), (0.35, 1.4), (0.35, 0.8))  # share of the steps that is computed, power of their spacing
CODEBOOKS = 3
REUSES: tuple[ReuseOption, ...] = ("hold", "forecast")


@dataclass(frozen=True)
class Pair:
    """One schedule on one recording, generated for real."""

    prompt: str
    seed: int
    schedule: str  # how it came about: even-3, early-10, late-10, or the id of a codebook
    reuse: ReuseOption
    computed: tuple[int, ...]
    real_db: float  # PSNR to the baseline
    predicted_db: float | None = None

    def to_json(self) -> dict[str, Any]:
        """As written to disk."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        known = {field.name: value[field.name] for field in fields(cls)}
        return cls(**{**known, "computed": tuple(known["computed"])})


def schedules_of(recording: Recording) -> dict[str, tuple[int, ...]]:
    """The schedules a recording is measured with, by name."""
    steps = recording.steps
    found = {f"even-{interval}": tuple(range(1, steps + 1, interval)) for interval in EVEN}
    for share, power in UNEVEN:
        computed = spaced(steps, round(share * steps), power)
        found[f"{'early' if power > 1 else 'late'}-{len(computed)}"] = computed
    for name, method in codebooks_of(recording).items():
        found[name] = simulate(recording, method).computed
    return found


def is_reference(recording: Recording, computed: tuple[int, ...], reuse: ReuseOption) -> bool:
    """Whether a schedule is that of the recording's reference run, whose PSNR it keeps: it needs no prediction."""
    kept = recording.velocities
    return kept is not None and (kept.reference(recording.steps), kept.reuse) == (computed, reuse)


def codebooks_of(recording: Recording) -> dict[str, AdaCacheConfig]:
    """AdaCache with the fastest presets for the recording's model, or its steps, that its probe answers."""
    methods = {}
    for name, preset in presets().items():
        if recording.model not in preset.codebook.models and preset.codebook.steps != recording.steps:
            continue
        method = AdaCacheConfig(preset.codebook, residual=recording.residual, locations=recording.blocks)
        try:
            check_probe(recording, method)
        except ValueError:
            continue
        methods[name] = method
    own = [name for name in methods if recording.model in presets()[name].codebook.models] or list(methods)
    fastest = sorted(own, key=lambda name: len(simulate(recording, methods[name]).computed))
    return {name: methods[name] for name in fastest[:CODEBOOKS]}


def spaced(steps: int, count: int, power: float) -> tuple[int, ...]:
    """So many computed steps, their places spread as a power: above 1 they are dense early, below 1 late."""
    last = max(count - 1, 1)
    computed = [round(1 + (steps - 1) * (index / last) ** power) for index in range(count)]
    for index, (before, after) in enumerate(pairwise(computed)):
        computed[index + 1] = min(max(after, before + 1, computed[index] + 1), steps - (count - index - 2))
    return tuple(computed)


def generated(model: VideoModel, recording: Recording, computed: Steps, reuse: ReuseOption) -> Frames:
    """The video of a recording's request with exactly these steps computed."""
    run = Denoiser.start(
        model,
        model.encode_prompt(recording.prompt),
        build_policy(ListedStepsConfig(tuple(computed), reuse=reuse)),
        seed=recording.seed,
        steps=recording.asked,
        guidance=recording.guidance,
    )
    return run.finish().decode()
