"""PairRecorder: the recording that a run makes of its own baseline; its accelerated side is the reference run.

From it the Studio simulates what any other codebook would have done. It costs no denoising beside the pair's own
but two steps where the method reuses no whole one: residuals are measured between steps, off both sides' clocks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import ceil
from pathlib import Path
from statistics import median

from torch import Tensor

from app.caching.branches import Branch
from app.caching.method import WholeStackMethod
from app.caching.methods.fixed_interval import FixedIntervalConfig
from app.caching.policy import NoCache, RunShape
from app.caching.schedule import Scheduled
from app.generation.denoiser import Denoiser
from app.generation.kept_baseline import RECORDING
from app.generation.request import Request
from app.generation.trace import Side
from app.lab.record import recorded
from app.lab.recorder import Recorder, RecorderConfig
from app.lab.velocities import VelocityRecorder, VelocityRecording, velocity_recording
from app.metrics.registry import Quality

MOST_BYTES = 64_000_000  # of the residuals kept for their distances; larger ones are measured by every k-th patch


@dataclass
class Observer(NoCache):
    """A baseline whose probed residuals are set aside until its step is over."""

    config: RecorderConfig
    run: RunShape | None = None
    seen: list[tuple[Branch, Tensor]] = field(default_factory=list)

    def start(self, run: RunShape) -> frozenset[Branch]:
        """See the branches that a recorder of these settings would."""
        self.run = run
        return Recorder(self.config).start(run)

    def observe(self, branch: Branch, residual: Tensor) -> None:
        """Set a residual (batch, frames, patches, channels) aside."""
        self.seen.append((branch, residual))

    def held_bytes(self) -> int:
        """The residuals of the step that is under way."""
        return sum(residual.nbytes for _, residual in self.seen)


@dataclass
class PairRecorder:
    """A PairWatcher that leaves a recording of the baseline, as the method of the request probes it."""

    request: Request
    policy: Observer
    _recorder: Recorder | None = None
    _velocities: dict[Side, VelocityRecorder] = field(default_factory=dict)

    @classmethod
    def of(cls, request: Request) -> "PairRecorder":
        """A recorder for a pair that is about to be made."""
        method = request.adacache
        config = RecorderConfig(method.recorded_residual, method.locations) if method else RecorderConfig()
        return cls(request, Observer(config))

    def saw(self, side: Side, before: Tensor, after: Tensor, clean: Tensor) -> None:
        """Measure what a step of a side has left."""
        assert self.policy.run is not None
        if side not in self._velocities:
            self._velocities[side] = VelocityRecorder.of(self.policy.run.timesteps)
        self._velocities[side].observe(before, after, clean)
        if side == "baseline":
            for branch, residual in self.policy.seen:
                self._recorder_for(residual).observe(branch, residual)
            self.policy.seen.clear()

    def keep(self, folder: Path, denoisers: Mapping[Side, Denoiser], quality: Quality) -> None:
        """Write the recording, beside the run's other files."""
        baseline, recorder = denoisers["baseline"], self._recorder
        assert recorder is not None
        recorded(
            baseline,
            recorder,
            self.request.prompt,
            self.request.seed,
            self.request.steps,
            reused_seconds=self._reused_seconds(denoisers),
            velocities=self._velocity_recording(denoisers, quality),
            size=self.request.size,
        ).save(folder / RECORDING)

    def _recorder_for(self, residual: Tensor) -> Recorder:
        """The recorder, made when the size of a residual is known."""
        if self._recorder is None:
            assert self.policy.run is not None
            config = self.policy.config
            kept = config.max_lag * len(config.probing().probes(self.policy.run.depth, self.policy.run.layout))
            stride = ceil(kept * residual.nbytes / MOST_BYTES)
            self._recorder = Recorder(replace(config, subsample=min(stride, residual.shape[2])))
            self._recorder.start(self.policy.run)
        return self._recorder

    def _reused_seconds(self, denoisers: Mapping[Side, Denoiser]) -> float:
        """Of a step that reuses everything; where the method has none, one is made."""
        records = denoisers["accelerated"].records
        if not any(record.computed == "none" for record in records):
            baseline = denoisers["baseline"]
            anew = Denoiser.start(
                baseline.model,
                baseline.conditioning,
                Scheduled(FixedIntervalConfig(2)),
                seed=self.request.seed,
                steps=self.request.steps,
                guidance=self.request.guidance,
                poll=baseline.cache.poll,
            )
            anew.advance()
            anew.advance()
            records = anew.records
        return median(record.seconds for record in records if record.computed == "none")

    def _velocity_recording(
        self, denoisers: Mapping[Side, Denoiser], quality: Quality
    ) -> VelocityRecording | None:
        """Of the pair; of the baseline alone unless the accelerated side can be its reference run."""
        baseline, accelerated = denoisers["baseline"], denoisers["accelerated"]
        method, elements, psnr = self.request.method, baseline.latent.numel(), quality.get("psnr")
        seen = self._velocities
        whole = all(record.computed in ("all", "none") for record in accelerated.records)
        whole = whole and accelerated.cache.granularity == "sum"  # EasyCache reuses another difference
        alike = accelerated.schedule == baseline.schedule and method.solver == "own"
        if not (isinstance(method, WholeStackMethod) and whole and alike) or psnr is None:
            alone = baseline.computed_steps
            return velocity_recording(seen["baseline"], seen["baseline"], elements, 0.0, 0.0, alone)
        error = float((accelerated.latent.float() - baseline.latent.float()).norm())
        made = accelerated.computed_steps
        return velocity_recording(seen["baseline"], seen["accelerated"], elements, error, psnr, made, method.reuse)
