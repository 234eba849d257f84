"""Timing: what a run's records do not tell of its speed, measured when both sides are done.

How old the baseline's seconds are and what they would be now, and the share of its compute that was computed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.caching.policy import NoCache
from app.caching.record import StepRecord
from app.caching.strips import Strips
from app.common.timestamps import read_timestamp
from app.common.validation import number
from app.generation.denoiser import Denoiser
from app.generation.request import Request
from app.generation.speed import FEWEST, Unit, baseline_scale
from app.generation.trace import Side
from app.metrics.countable import Workload
from app.metrics.flops import compute_share, step_shares
from app.models.size import Size

MIN_SCALE, MAX_SCALE = 1e-6, 1e6
MIN_SHARE = 1e-9


@dataclass(frozen=True)
class Timing:
    """Measured beside the records of a run."""

    baseline_measured: str | None = (
        None  # when the baseline's seconds were measured, if in an earlier run; ISO 8601
    )
    baseline_scale: float | None = None  # seconds of a computed step now over those of then; none if it is of now
    compute_share: float | None = None  # of the baseline's denoising; none if unknown
    compute_unit: Unit = "branches"

    def __post_init__(self) -> None:
        if self.baseline_measured is not None:
            read_timestamp(self.baseline_measured)
        if self.baseline_scale is not None:
            if self.baseline_measured is None:
                raise ValueError("only a baseline of an earlier run is scaled, and this one has no date")
            number("baseline_scale", self.baseline_scale, MIN_SCALE, MAX_SCALE)
        if self.compute_share is not None:
            number("compute_share", self.compute_share, MIN_SHARE, 1)
        if self.compute_unit not in ("FLOPs", "branches"):
            raise ValueError(f"compute is counted in FLOPs or branches, got {str(self.compute_unit)[:40]!r}")


def timing_of(request: Request, denoisers: Mapping[Side, Denoiser], measured: str | None) -> Timing:
    """The timing of a finished pair; `measured`: when the baseline's steps were, if that was in an earlier run."""
    accelerated = denoisers["accelerated"]
    scale = None if measured is None else _scale(request, denoisers["baseline"], accelerated)
    size = request.size or accelerated.model.card.size
    try:
        tokens = int(accelerated.conditioning.mask.sum())
        work = Workload(size.height, size.width, size.frames, request.steps, tokens, request.flow_shift)
        share = compute_share(request.model, request.method, work, accelerated.records)
    except ValueError:  # a model or a size whose FLOPs cannot be counted
        whole = len(denoisers["baseline"].schedule) * accelerated.cache.branches
        return Timing(measured, scale, accelerated.computed_branches / whole, "branches")
    return Timing(measured, scale, share, "FLOPs")


def step_compute(
    request: Request, size: Size, records: Sequence[StepRecord], strips: Strips
) -> tuple[tuple[float, ...], Unit]:
    """What every step of a kept run computed, as a share of a whole one, and in which unit.

    size: where the request names none. The prompt's tokens are taken to be its words: a kept run does not say how
    many they were, and they weigh little in the cross-attention alone.
    """
    size, words = request.size or size, len(request.prompt.split())
    try:
        work = Workload(size.height, size.width, size.frames, request.steps, words, request.flow_shift)
        return step_shares(request.model, request.method, work, records), "FLOPs"
    except ValueError:  # a model or a size whose FLOPs cannot be counted
        return strips.steps, "branches"


def _scale(request: Request, baseline: Denoiser, accelerated: Denoiser) -> float | None:
    """By the accelerated side's computed steps; where it has too few, some of the baseline's are made anew."""
    if (scale := baseline_scale(baseline.records, accelerated.records)) is not None:
        return scale
    anew = Denoiser.start(
        accelerated.model,
        accelerated.conditioning,
        NoCache(),
        seed=request.seed,
        steps=request.steps,
        guidance=request.guidance,
        poll=accelerated.cache.poll,
    )
    while len(anew.records) < FEWEST and not anew.done:
        anew.advance()
    return baseline_scale(baseline.records, anew.records)
