"""Adaptive Caching in numbers: how fast the residuals change decides how long they are reused.

Follows the released code (AdaCache-DiT/AdaCache, stdit3.py, compute_next_step) or the paper's Eq. 4-9. Plain
arithmetic on floats: AdaCache (adacache_policy.py) feeds it from a running model, a simulation from a recording.
"""

from dataclasses import dataclass, field, replace
from typing import Literal, Self, get_args

from app.caching.branches import FACTORISED, WHOLE_BLOCKS, Branch, Kind, Layout, Part
from app.caching.codebook import Codebook
from app.caching.distances import Distance
from app.caching.latent_signals import LATENT_SIGNALS, LatentSignal
from app.caching.method import WholeStackMethod
from app.caching.motion import Formula, MotionRegularisation, regularisation
from app.caching.policy import Decision
from app.common.validation import shown, whole

ProbeResidual = Literal["temporal-attn", "spatial-attn", "cross-mlp", "cross", "mlp"]
Probed = ProbeResidual | LatentSignal
PROBES: tuple[Probed, ...] = (*get_args(ProbeResidual), *LATENT_SIGNALS)
Location = Literal["start", "mid", "end"]
MAX_STEPS = 1000
MAX_SUBSAMPLE = 1000
MAX_BLOCK, MAX_BLOCKS = 1000, 64

# Which branches a probe residual is made of; attention exists in one part, the others are probed in both parts.
PROBED: dict[ProbeResidual, tuple[tuple[Part, ...], tuple[Kind, ...]]] = {
    "temporal-attn": (("temporal",), ("attn",)),
    "spatial-attn": (("spatial",), ("attn",)),
    "cross-mlp": (("spatial", "temporal"), ("cross", "mlp")),
    "cross": (("spatial", "temporal"), ("cross",)),
    "mlp": (("spatial", "temporal"), ("mlp",)),
}


@dataclass(frozen=True)
class AdaCacheConfig(WholeStackMethod):
    """Every option of the method and of the paper's ablations (Tables 3a-3d).

    residual: what is measured, a residual inside the model or, beyond the paper, a latent signal
    (app/caching/latent_signals.py), whose change is absolute, in l2, and knows no motion and no location.
    locations: block indices of the probe, or a name; the block whose decision counts is the last one.

    Three more options go beyond it. reuse: "forecast" adds not the last computed delta but the straight line
    through the last two (AdaCache+forecast), for the memory of a second delta. made_for: the step count the
    codebook was made for; in runs of other lengths distances are taken over, and rates last for, the same stretch
    of the schedule, so that 30, 50 and 100 steps share a codebook. None takes both a step at a time, as published.
    subsample: distances and motion are measured on every k-th patch only, and no others are kept for it;
    python -m benchmarks.probe states the error. A k sharing a factor with the patches of a row sees few columns.
    """

    codebook: Codebook
    formula: Formula = "official"
    distance: Distance = "l1"
    residual: Probed = "temporal-attn"
    locations: tuple[int, ...] | Location = "mid"
    motion: MotionRegularisation | None = None
    made_for: int | None = None
    subsample: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        whole("AdaCache subsample", self.subsample, 1, MAX_SUBSAMPLE)
        if self.made_for is not None:
            whole("steps the codebook was made for", self.made_for, 1, MAX_STEPS)
        for name, value, known in (
            ("formula", self.formula, get_args(Formula)),
            ("distance", self.distance, get_args(Distance)),
            ("residual", self.residual, PROBES),
        ):
            if value not in known:
                raise ValueError(f"AdaCache {name} must be one of {', '.join(known)}, got {shown(value)}")
        if self.latent_signal is not None:
            self._check_latent_signal(self.latent_signal)
        if isinstance(self.locations, str):
            if self.locations not in get_args(Location):
                raise ValueError(
                    f"AdaCache location must be start, mid, end or block indices, got {shown(self.locations)}"
                )
        elif not isinstance(self.locations, tuple) or not 1 <= len(self.locations) <= MAX_BLOCKS:
            raise ValueError(f"AdaCache locations are 1 to {MAX_BLOCKS} blocks, got {shown(self.locations)}")
        else:
            for block in self.locations:
                whole("a probed block", block, 0, MAX_BLOCK)

    def with_codebook(self, codebook: Codebook) -> Self:
        """The same with another codebook; motion, where regularised, by what was fitted with that, if known."""
        motion = self.motion and (codebook.motion or self.motion)
        return replace(self, codebook=codebook, motion=motion)

    @property
    def latent_signal(self) -> LatentSignal | None:
        """The latent signal that is measured; none where it is a residual inside the model."""
        return next((signal for signal in LATENT_SIGNALS if signal == self.residual), None)

    @property
    def signal(self) -> str:
        """What a codebook of this method looks up, in words: thresholds of another signal mean other distances."""
        formula = ", the paper's formula" if self.formula == "paper" else ""
        return f"{self.residual} in {self.distance}{formula}"

    @property
    def recorded_residual(self) -> ProbeResidual:
        """The residual whose distances a recording for this method keeps; velocities are kept beside any."""
        inside: tuple[ProbeResidual, ...] = get_args(ProbeResidual)
        return next((residual for residual in inside if residual == self.residual), "temporal-attn")

    def _check_latent_signal(self, signal: LatentSignal) -> None:
        if self.distance != "l2":
            raise ValueError(f"AdaCache measures {signal} as an l2 change, got distance {self.distance}")
        if self.motion is not None:
            raise ValueError(f"motion regularisation needs a residual inside the model; {signal} has no motion")
        if self.subsample != 1:
            raise ValueError(f"AdaCache measures {signal} on all of the latent, got subsample {self.subsample}")

    def pace(self, steps: int) -> float:
        """Steps of a run of `steps` for each step of a run the codebook was made for."""
        return 1.0 if self.made_for is None else steps / self.made_for

    def rate(self, row: int, steps: int) -> int:
        """Steps to the next computed one after the codebook's `row`, in a run of `steps`."""
        return max(1, round(self.codebook.rates[row] * self.pace(steps)))

    def blocks(self, depth: int) -> tuple[int, ...]:
        """Probe blocks of a model with `depth` blocks, in the order of execution; mid of 28 is upstream's 13."""
        if isinstance(self.locations, str):
            return ({"start": 0, "mid": (depth - 1) // 2, "end": depth - 1}[self.locations],)
        if max(self.locations) >= depth:
            raise ValueError(f"probe block {max(self.locations)} does not exist; the model has {depth} blocks")
        return tuple(sorted(set(self.locations)))

    def probes(self, depth: int, layout: Layout = FACTORISED) -> tuple[tuple[Branch, ...], ...]:
        """The branches whose residuals are probed, grouped: residuals of a group are added before measuring.

        None for a latent signal. Branches that a model does not have are left out; a model of whole blocks is
        probed at the whole block, whatever the residual.
        """
        if self.latent_signal is not None:
            return ()
        parts, kinds = (("joint",), ("block",)) if layout == WHOLE_BLOCKS else PROBED[self.recorded_residual]
        groups = (
            tuple(Branch(block, part, kind) for kind in kinds if (part, kind) in layout)
            for block in self.blocks(depth)
            for part in parts
        )
        return tuple(group for group in groups if group)


@dataclass(frozen=True)
class Measurement:
    """What one probe measures in a computed step: its change since the last one, and its motion."""

    change: float | None  # none in the first step
    motion: float | None  # none of a latent signal


@dataclass(frozen=True)
class Reading:
    """A measurement as the method weighs it."""

    distance: float
    normalised: float
    motion: float | None = None
    motion_score: float | None = None
    motion_gradient: float | None = None


@dataclass
class AdaptiveSchedule:
    """Which steps of a run to compute (Eq. 4-6); one object serves one run."""

    config: AdaCacheConfig
    steps: int
    shown_motion: MotionRegularisation = MotionRegularisation()  # noqa: RUF009 (frozen); where none is applied
    rate: int = 1
    readings: list[Reading] = field(default_factory=list)
    computed_step: int = 0
    _elapsed: int = 1
    _step: int = 0
    _motion_scores: dict[int, float] = field(default_factory=dict)

    def computes(self, step: int) -> bool:
        """Advance to `step`: compute when the cache rate has run out, and in the forced steps.

        The first two steps are computed by rate 1; the released code forces the last two as well.
        """
        self._step = step
        self.readings = []
        forced = step == 1 or (self.config.formula == "official" and step >= self.steps - 1)
        if not forced and step != self.computed_step + self.rate:
            return False
        self._elapsed = step - self.computed_step
        self.computed_step = step
        return True

    def restart(self, step: int) -> None:
        """Let `step` and the one after it be computed, as the first two of a run are."""
        self.rate, self.computed_step = 1, step - 1
        self._motion_scores.clear()

    def decide(self, measurements: list[Measurement]) -> Decision:
        """Average the distances of the probes, regularise by the last one's motion and look up the rate."""
        for probe, measurement in enumerate(measurements):
            if measurement.change is not None:
                self.readings.append(self._weigh(probe, measurement.change, measurement.motion))
            elif self.config.formula == "paper" and measurement.motion is not None:
                self._motion_scores[probe] = measurement.motion
        if not self.readings:
            return Decision(rate=self.rate if measurements else None)
        last = self.readings[-1]
        normalised = _mean([reading.normalised for reading in self.readings])
        regularised = normalised
        if self.config.motion is not None and last.motion_score is not None and last.motion_gradient is not None:
            regularised *= regularisation(last.motion_score, last.motion_gradient, self.config.formula)
        row = self.config.codebook.row(regularised)
        self.rate = self.config.rate(row, self.steps)
        return Decision(
            distance=_mean([reading.distance for reading in self.readings]),
            normalised=normalised,
            motion=last.motion,
            motion_score=last.motion_score,
            motion_gradient=last.motion_gradient,
            regularised=regularised,
            rate=self.rate,
            row=row,
        )

    def _weigh(self, probe: int, distance: float, motion: float | None) -> Reading:
        official = self.config.formula == "official"
        # The released code divides by the previous rate even where a forced step came sooner
        # (docs/upstream-quirks.md, 3).
        steps = (self.rate if official else self._elapsed) / self.config.pace(self.steps)
        if motion is None:
            return Reading(distance, distance / steps)
        settings = self.config.motion or self.shown_motion
        score = settings.score(motion, self._step, self.steps) if official else motion
        before = self._motion_scores.get(probe, 1.0)
        self._motion_scores[probe] = score
        scale = settings.gradient_scale if official else float(settings.gradient_scale > 0)
        return Reading(distance, distance / steps, motion, score, scale * (score - before) / steps)


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
