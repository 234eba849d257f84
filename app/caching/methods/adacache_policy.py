"""AdaCache as a CachePolicy: measures probe residuals in a running model and follows the adaptive schedule."""

from dataclasses import dataclass, field

from torch import Tensor

from app.caching.branches import Branch
from app.caching.distances import change, frame_norms, motion, norms, order_of
from app.caching.latent_signals import LatentSignalProbe
from app.caching.method import MethodKind, WholeStackPolicy
from app.caching.methods.adacache import AdaCacheConfig, AdaptiveSchedule, Measurement, Reading
from app.caching.motion import MotionRegularisation
from app.caching.policy import Decision, Plan, RunShape, Signal
from app.caching.registry import register
from app.caching.sharding import ONE_PROCESS, Sharding


@dataclass
class Probe:
    """One probed residual over a run, summed over its branches: the last computed value, and one in the making."""

    branches: tuple[Branch, ...]
    previous: Tensor | None = None
    partial: Tensor | None = None

    def complete(self, branch: Branch, residual: Tensor) -> Tensor | None:
        """Add a branch's residual; the sum once all branches are in."""
        total = residual if self.partial is None else self.partial + residual
        done = branch == self.branches[-1]
        self.partial = None if done else total
        return total if done else None

    def held_bytes(self) -> int:
        """Bytes kept between branches and steps."""
        return sum(tensor.nbytes for tensor in (self.previous, self.partial) if tensor is not None)


@dataclass
class AdaCache(WholeStackPolicy):
    """Computes a step, measures the change of its probes, and reuses the sum of all residuals until due again."""

    config: AdaCacheConfig
    _probes: list[Probe] = field(default_factory=list)
    _sharding: Sharding = ONE_PROCESS
    _measurements: list[Measurement] = field(default_factory=list)
    _latent_probe: LatentSignalProbe | None = None

    def __post_init__(self) -> None:
        if self.config.latent_signal is not None:
            self.signals: frozenset[Signal] = frozenset({"guided"})

    def start(self, run: RunShape) -> frozenset[Branch]:
        """Place the probes."""
        self.schedule = AdaptiveSchedule(self.config, run.steps, run.motion)
        self._sharding = run.sharding
        self._probes = [Probe(group) for group in self.config.probes(run.depth, run.layout)]
        if (signal := self.config.latent_signal) is not None:
            self._latent_probe = LatentSignalProbe(signal, run.timesteps, run.sharding)
        return frozenset(branch for probe in self._probes for branch in probe.branches)

    @property
    def readings(self) -> list[Reading]:
        """What the probes read in the current step, in the order of execution."""
        return self.schedule.readings

    def plan(self, step: int) -> Plan:
        """All or nothing."""
        self._measurements = []
        return "all" if self.schedule.computes(step) else "none"

    def restart(self, step: int) -> None:
        """As in the first step: computed, and compared with nothing."""
        self.schedule.restart(step)
        for probe in self._probes:
            probe.previous = probe.partial = None
        if self._latent_probe is not None:
            self._latent_probe.forget()

    def observe(self, branch: Branch, residual: Tensor) -> None:
        """Measure a probed residual (batch, frames, patches, channels) against the last computed one."""
        probe = next(probe for probe in self._probes if branch in probe.branches)
        current = probe.complete(branch, residual)
        if current is None:
            return
        if self.config.subsample > 1:
            current = current[:, :, :: self.config.subsample].clone()  # a view would keep all patches alive
        self._measurements.append(
            measure(probe.previous, current, self.config, self.schedule.shown_motion, self._sharding)
        )
        probe.previous = current

    def observe_guided(self, latent: Tensor, clean: Tensor) -> None:
        """Measure a latent signal: the latent before a computed step, and the clean one that it expects."""
        assert self._latent_probe is not None
        changed = self._latent_probe.measure(self.schedule.computed_step, latent, clean)
        self._measurements.append(Measurement(changed, None))

    def end_step(self) -> Decision:
        """Choose the next rate from the step's measurements."""
        return self.schedule.decide(self._measurements)

    def held_bytes(self) -> int:
        """The previous value of every probed residual or signal, and half-summed ones."""
        latent = 0 if self._latent_probe is None else self._latent_probe.held_bytes()
        return latent + sum(probe.held_bytes() for probe in self._probes)


def measure(
    previous: Tensor | None,
    current: Tensor,
    config: AdaCacheConfig,
    shown_motion: MotionRegularisation,
    sharding: Sharding = ONE_PROCESS,
) -> Measurement:
    """Change and motion of a probe residual in the terms of the formula and distance.

    Motion compares frames, which several processes exchange for it; the change of a token needs no other.
    """
    order, relative = order_of(config.distance), config.formula == "official"
    strides = (config.motion or shown_motion).strides
    all_frames = sharding.frames_together(current)
    frames = [frame_norms(all_frames, stride, order, sharding) for stride in strides]
    changed = None
    if previous is not None:
        changed = change(norms(previous, current, order, sharding), config.distance, relative=relative)
    return Measurement(changed, motion(frames, config.distance, relative=relative))


register(
    MethodKind(
        name="adacache",
        title="AdaCache",
        description="Measures, each time a step is computed, how much a residual in the middle of the model has "
        "changed since the last computed step. A codebook turns that distance into the number of steps for "
        "which everything is reused: quickly changing videos are computed often, calm ones rarely. Motion "
        "regularisation raises the distance of videos that move, so that they get more computation.",
        source="Kahatapitiya et al. 2024, arXiv 2411.02397; github.com/AdaCache-DiT/AdaCache",
        config=AdaCacheConfig,
        build=AdaCache,
        order=1,
    )
)
