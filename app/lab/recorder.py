"""Recorder: a policy that computes everything and keeps the distances of its probes, bounded in memory.

It holds the last `max_lag` residuals of each probe, optionally of every k-th patch only, and no other branch.
"""

from collections import deque
from dataclasses import dataclass, field
from statistics import median

from torch import Tensor

from app.caching.branches import Branch
from app.caching.codebook import Codebook
from app.caching.distances import Norms, frame_norms, norm, norms
from app.caching.methods.adacache import AdaCacheConfig, Location, ProbeResidual
from app.caching.methods.adacache_policy import Probe
from app.caching.policy import CachePolicy, Decision, Granularity, Plan, RunShape
from app.lab.recording import STRIDES, ProbeRecording

ORDERS = (1, 2)


@dataclass(frozen=True)
class RecorderConfig:
    """What to record: the probe of AdaCacheConfig, how many lags back, and of which patches."""

    residual: ProbeResidual = "temporal-attn"
    locations: tuple[int, ...] | Location = "mid"
    max_lag: int = 12
    subsample: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.max_lag <= 100:
            raise ValueError(f"max_lag must be 1 to 100 steps, got {self.max_lag}")
        if self.subsample < 1:
            raise ValueError(f"subsample keeps every k-th patch, k >= 1, got {self.subsample}")

    def probing(self) -> AdaCacheConfig:
        """The placement of the probes in AdaCache's terms."""
        every_step = Codebook((1.0,), (1,))
        return AdaCacheConfig(every_step, residual=self.residual, locations=self.locations)


@dataclass(frozen=True)
class Kept:
    """A residual of an earlier step, and its own norms by order, which later steps would else measure again."""

    residual: Tensor
    norms: dict[int, float]

    @classmethod
    def of(cls, residual: Tensor) -> "Kept":
        """Measure a residual."""
        return cls(residual, {order: norm(residual, order) for order in ORDERS})

    def to(self, later: "Kept") -> dict[int, Norms]:
        """The norms from here to a later step, by order."""
        difference, elements = self.residual - later.residual, self.residual.numel()
        return {o: Norms(norm(difference, o), self.norms[o], later.norms[o], elements) for o in ORDERS}


@dataclass
class Track:
    """One probe's history: its last residuals and what has been measured on them."""

    probe: Probe
    history: deque[Kept]
    change: dict[int, list[tuple[Norms, ...]]] = field(default_factory=lambda: {order: [] for order in ORDERS})
    frames: dict[int, dict[int, list[Norms | None]]] = field(
        default_factory=lambda: {order: {stride: [] for stride in STRIDES} for order in ORDERS}
    )
    whole: Tensor | None = None  # the last residual of all patches, to measure the error of the subsample
    subsample_errors: list[float] = field(default_factory=list)


@dataclass
class Recorder(CachePolicy):
    """Observes a baseline run; `recorded()` gives its probes afterwards."""

    config: RecorderConfig
    granularity: Granularity = "nothing"
    _tracks: list[Track] = field(default_factory=list)

    def start(self, run: RunShape) -> frozenset[Branch]:
        """Place the probes."""
        groups = self.config.probing().probes(run.depth, run.layout)
        self._tracks = [Track(Probe(group), deque(maxlen=self.config.max_lag)) for group in groups]
        return frozenset(branch for group in groups for branch in group)

    def plan(self, step: int) -> Plan:
        """A baseline: everything."""
        return "all"

    def observe(self, branch: Branch, residual: Tensor) -> None:
        """Measure a residual (batch, frames, patches, channels) against the kept ones and between its frames."""
        track = next(track for track in self._tracks if branch in track.probe.branches)
        current = track.probe.complete(branch, residual)
        if current is None:
            return
        sampled = current[:, :, :: self.config.subsample]
        if self.config.subsample > 1:
            sampled = sampled.clone()  # a view would keep all patches alive
        kept = Kept.of(sampled)
        changes = [earlier.to(kept) for earlier in reversed(track.history)]
        for order in ORDERS:
            track.change[order].append(tuple(by_order[order] for by_order in changes))
            for stride in STRIDES:
                track.frames[order][stride].append(frame_norms(sampled, stride, order))
        if self.config.subsample > 1:
            self._measure_subsample(track, current)
        track.history.append(kept)

    def end_step(self) -> Decision:
        """The distance to the step before and the motion, for live plots of the baseline."""
        cells = [track.change[1][-1][0] for track in self._tracks if track.change[1][-1]]
        distance = sum(c.difference / c.before for c in cells) / len(cells) if cells else None
        between = self._tracks[-1].frames[1][1][-1]
        motion = between.difference / (between.before + between.after) if between else None
        return Decision(distance=distance, normalised=distance, motion=motion)

    def held_bytes(self) -> int:
        """The kept residuals of all probes."""
        kept = sum(kept.residual.nbytes for track in self._tracks for kept in track.history)
        whole = sum(track.whole.nbytes for track in self._tracks if track.whole is not None)
        return kept + whole + sum(track.probe.held_bytes() for track in self._tracks)

    def recorded(self) -> tuple[ProbeRecording, ...]:
        """What every probe measured."""
        return tuple(
            ProbeRecording(
                {order: tuple(rows) for order, rows in track.change.items()},
                {order: {s: tuple(rows) for s, rows in by.items()} for order, by in track.frames.items()},
            )
            for track in self._tracks
        )

    def subsample_error(self) -> float:
        """Median relative error of the lag-1 distance through keeping only every k-th patch; 0 if all are kept."""
        errors = [error for track in self._tracks for error in track.subsample_errors]
        return median(errors) if errors else 0.0

    def _measure_subsample(self, track: Track, current: Tensor) -> None:
        if track.whole is not None:
            exact = norms(track.whole, current, 1)
            sampled = track.change[1][-1][0]
            true = exact.difference / exact.before
            track.subsample_errors.append(abs(sampled.difference / sampled.before - true) / true)
        track.whole = current
