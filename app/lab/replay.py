"""Thousands of codebooks on one recording, for calibration.

What a step looks up depends only on the step, the computed step before it and the rate between them, so it is
measured once. The schedules are those of simulate.py; a test holds both together.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from app.caching.codebook import Codebook
from app.caching.methods.adacache import AdaCacheConfig, AdaptiveSchedule
from app.lab.recording import Recording
from app.lab.simulate import measure, speedup

Steps = tuple[int, ...]


@dataclass
class Replay:
    """A recording under one method, ready for any codebook whose rates the recording holds."""

    recording: Recording
    method: AdaCacheConfig
    loss: Callable[[Steps], float]  # of a schedule on the recording
    _looked_up: dict[tuple[Steps, int], float] = field(default_factory=dict)  # by latest steps and the rate
    _scores: dict[Steps, tuple[float, float]] = field(default_factory=dict)

    def score(self, codebook: Codebook) -> tuple[float, float]:
        """Predicted speedup and loss of a codebook."""
        computed = self.computed(codebook)
        if computed not in self._scores:
            self._scores[computed] = speedup(self.recording, computed, self.method.reuse), self.loss(computed)
        return self._scores[computed]

    def computed(self, codebook: Codebook) -> Steps:
        """The steps a codebook computes."""
        computed, rate = [1], 1
        while (step := self._following(computed[-1], rate)) <= self.recording.steps:
            key = ((step, *computed[-1:-3:-1]), rate)
            if key not in self._looked_up:
                self._looked_up[key] = self._look_up(*key)
            computed.append(step)
            rate = codebook.rate(self._looked_up[key])
        return tuple(computed)

    def _following(self, step: int, rate: int) -> int:
        """The next computed step; the released code forces the last two."""
        forced = self.recording.steps - 1 if self.method.formula == "official" else self.recording.steps + 1
        return min(step + rate, max(step + 1, forced))

    def _look_up(self, steps: Steps, rate: int) -> float:
        """The distance looked up in `steps[0]`, after the computed ones that follow; the latest chose `rate`."""
        step, before = steps[0], steps[1]
        schedule = AdaptiveSchedule(self.method, self.recording.steps, computed_step=before - 1)
        earlier = (before - 1,) if before > 1 else ()
        for computed, kept in ((before, earlier), (step, steps[1:])):
            schedule.computes(computed)
            decision = schedule.decide(measure(self.recording, self.method, computed, kept))
            schedule.rate = rate
        return decision.regularised or 0.0
