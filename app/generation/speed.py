"""Speed: seconds and speedup from the medians of computed and of reused steps, and in words how far to trust them.

A sum of step times takes in whatever else the machine did meanwhile; half of a side's steps must be disturbed
before their median is. What the medians cannot mend is said: Speed.notes.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Literal

from app.caching.record import StepRecord

Unit = Literal["FLOPs", "branches"]
FEWEST = 3  # steps whose median stands for a kind of step
WIDE = 0.25  # interquartile range of computed steps over their median: about 0.05 on a quiet machine
EQUAL = 0.05  # by which computed steps of both sides may differ
AGREEING = 0.1  # by which the speedup may fall short of what the computed share allows


@dataclass(frozen=True)
class Speed:
    """What a run's step times tell; seconds are those of all denoising steps of a side, without decoding."""

    baseline_seconds: float
    accelerated_seconds: float
    summed_seconds: tuple[float, float]  # baseline, accelerated: as the clock ran, with every disturbance
    spread: float  # interquartile range of computed steps over their median, of the side where it is larger
    step_ratio: float | None  # a computed step of the accelerated side over one of the baseline's; none if unknown
    share: float | None  # of the baseline's compute that the accelerated side computed; none if unknown
    unit: Unit  # what the share is counted in

    @property
    def speedup(self) -> float:
        """How many times faster the accelerated side denoises."""
        return self.baseline_seconds / self.accelerated_seconds

    @property
    def allowed(self) -> float | None:
        """The speedup if time went with compute and reusing cost nothing."""
        return None if self.share is None else 1 / self.share

    def notes(self) -> list[str]:
        """Sentences to stand beside the speedup; none where nothing speaks against it."""
        return [*self._against_share(), *self._unequal_steps(), *self._spread()]

    def _against_share(self) -> list[str]:
        if self.share is None or self.allowed is None:
            return []
        measured, allowed = f"{self.speedup:.2f}x", f"{self.allowed:.2f}x"
        of = f"{self.share:.0%} of the baseline's {self.unit}"
        if self.speedup > self.allowed * (1 + EQUAL):
            return [
                f"The measured {measured} is more than the {allowed} that computing {of} allows: the machine was "
                "busier during one side than during the other."
            ]
        if self.speedup > self.allowed and measured != allowed:
            return [
                f"The measured {measured} is above the {allowed} that computing {of} allows, by measuring error."
            ]
        if self.speedup < self.allowed * (1 - AGREEING):
            short = 1 - self.speedup / self.allowed
            return [
                f"The measured {measured} is {short:.0%} short of the {allowed} that computing {of} allows: "
                "reusing costs time of its own, or the machine was busy."
            ]
        return []

    def _unequal_steps(self) -> list[str]:
        if self.step_ratio is None or 1 - EQUAL <= self.step_ratio <= 1 + EQUAL:
            return []
        return [
            f"A computed step took {self.step_ratio:.2f} times as long on the accelerated side as on the "
            "baseline: the speedup is off by as much, unless the method itself costs that."
        ]

    def _spread(self) -> list[str]:
        if self.spread <= WIDE:
            return []
        return [
            f"Equal steps took unequal times (half of them vary by {self.spread:.0%}): the machine was busy, "
            "the speedup is uncertain."
        ]


def speed_of(
    baseline: Sequence[StepRecord],
    accelerated: Sequence[StepRecord],
    *,
    scale: float | None = None,
    share: float | None = None,
    unit: Unit = "FLOPs",
) -> Speed:
    """Speed from the records of both sides; a ValueError if a side's steps took no time.

    scale: for a baseline of an earlier run, seconds of a computed step now over those of then (`baseline_scale`).
    """
    sides = (baseline, accelerated)
    typical = [typical_seconds(records) for records in sides]
    if not all(typical):
        raise ValueError("the steps of a side took no time; there is no speed to tell")
    whole = [_whole(records) for records in sides]
    known = scale is None and all(len(seconds) >= FEWEST for seconds in whole)
    return Speed(
        baseline_seconds=typical[0] * (1.0 if scale is None else scale),
        accelerated_seconds=typical[1],
        summed_seconds=(sum(r.seconds for r in baseline), sum(r.seconds for r in accelerated)),
        spread=max(map(_spread, whole)),
        step_ratio=median(whole[1]) / median(whole[0]) if known and median(whole[0]) else None,
        share=share,
        unit=unit,
    )


def typical_seconds(records: Sequence[StepRecord]) -> float:
    """Seconds of all steps of a side, each at the median of the steps that compute as much as it does."""
    kinds: dict[str | int, list[float]] = defaultdict(list)
    for record in records:
        kinds[record.computed].append(record.seconds)
    return sum(len(seconds) * median(seconds) for seconds in kinds.values())


def step_spread(records: Sequence[StepRecord]) -> float:
    """Interquartile range over the median of the steps that compute everything; 0 where there are too few."""
    return _spread(_whole(records))


def baseline_scale(then: Sequence[StepRecord], now: Sequence[StepRecord]) -> float | None:
    """Seconds of a computed step now over those of one in an earlier run; none if that is unknown."""
    before, after = _whole(then), _whole(now)
    if min(len(before), len(after)) < FEWEST or not median(before) or not median(after):
        return None
    return median(after) / median(before)


def _whole(records: Sequence[StepRecord]) -> list[float]:
    return [record.seconds for record in records if record.computed == "all"]


def _spread(seconds: list[float]) -> float:
    if len(seconds) < FEWEST or not median(seconds):
        return 0.0
    low, middle, high = quantiles(seconds, n=4, method="inclusive")
    return (high - low) / middle
