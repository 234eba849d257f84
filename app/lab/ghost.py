"""The ghost of a run: what another codebook would have done in its place, simulated from its recording.

As long as the simulated schedule is the one that was run, the run's own measurements are taken, so that a ghost
leaves the run where the edit first matters; from there on the baseline's distances speak.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from statistics import median
from typing import Any

from app.caching.method import ReuseOption
from app.caching.methods.adacache import AdaCacheConfig, Measurement
from app.caching.record import StepRecord
from app.generation.trace import Trace
from app.lab.prediction import Predictor, predictor
from app.lab.prediction_fit import scale_for
from app.lab.recording import Recording
from app.lab.simulate import Simulation, measure, reused_seconds, simulate


@dataclass(frozen=True)
class Ghost:
    """A schedule that would run, and what is predicted of it."""

    simulation: Simulation
    speedup: float
    db: float | None  # PSNR to the baseline; none where nothing in the recording tells it


@dataclass(frozen=True)
class RecordedRun:
    """A finished run with the recording of its baseline, to be asked what other settings would have done."""

    trace: Trace
    summary: dict[str, Any]
    recording: Recording

    def __post_init__(self) -> None:
        made = tuple(record.timestep for record in self.trace.records["baseline"])
        if made != self.recording.timesteps:
            raise ValueError(f"a recording of {self.recording.steps} steps is not of this run's {len(made)}")

    def ghost(self, config: AdaCacheConfig) -> Ghost:
        """What these settings would do; a ValueError says what the recording cannot answer."""
        run, records = self.trace.request.adacache, self.trace.records["accelerated"]
        computed = [record for record in records if record.computed == "all"]
        along = AlongRun(computed if run is not None and measures_alike(run, config) else ())
        simulation = simulate(self.recording, config, along)
        count, of = len(simulation.computed), self.recording.steps
        seconds = count * self._seconds + (of - count) * self._reused_seconds(config.reuse)
        db = None
        if self._predictor is not None:
            db = float(self._predictor.db([simulation.computed], config.reuse)[0])
        return Ghost(simulation, self.summary["baseline_seconds"] / seconds, db)

    @cached_property
    def _predictor(self) -> Predictor | None:
        velocities = self.recording.velocities
        if velocities is None or velocities.reference_error == 0:
            return None  # no reference run to start from
        return predictor(self.recording, scale_for(self.recording.model))

    @cached_property
    def _seconds(self) -> float:
        """Of a computed step: the accelerated side's own, else the recording's."""
        return self._median("all") or self.recording.computed_seconds

    def _reused_seconds(self, reuse: ReuseOption) -> float:
        """Of a step that is not computed: the accelerated side's own where it has any of this reuse."""
        measured = self._median("none") if reuse != "probe-scaled" else None  # which runs the first block in it
        return measured or reused_seconds(self.recording, reuse)

    def _median(self, computed: str) -> float | None:
        records = self.trace.records["accelerated"]
        return median(found) if (found := [r.seconds for r in records if r.computed == computed]) else None


@dataclass
class AlongRun:
    """What a run measured in the steps a simulation has in common with it; then what its recording says."""

    records: Sequence[StepRecord]  # computed steps
    _made: int = field(default=0)
    _same: bool = field(default=True)

    def __call__(
        self, recording: Recording, config: AdaCacheConfig, step: int, kept: Sequence[int]
    ) -> list[Measurement]:
        """What the probes measure in a computed step, called for one after the other."""
        self._same = self._same and self._made < len(self.records) and self.records[self._made].step == step
        recorded = measure(recording, config, step, kept)
        if not self._same:
            return recorded
        record = self.records[self._made]
        self._made += 1
        if record.distance is None:
            return recorded  # nothing was compared yet, so nothing was reused yet: the baseline is the run
        return [Measurement(record.distance, record.motion)] * len(recorded)


def measures_alike(one: AdaCacheConfig, other: AdaCacheConfig) -> bool:
    """Whether two settings that compute the same steps measure the same in them; rows and rates may differ."""
    if one.motion is not None and other.motion is not None and one.motion.strides != other.motion.strides:
        return False
    return replace(one, codebook=other.codebook, motion=other.motion, made_for=other.made_for) == other
