"""What adapting is worth: how computed steps are handed out to videos, all at the same mean compute.

Every video with as many even steps, or each with a number of its own; the worst videos are what tells them apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

import numpy as np

WORST = 10  # percent of the videos: the worst decile


@dataclass(frozen=True)
class Mark:
    """One way to spend a budget on videos: the computed steps and the PSNR in dB of each."""

    computed_steps: tuple[int, ...]
    db: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.db or len(self.db) != len(self.computed_steps):
            raise ValueError(
                f"a mark needs as many PSNRs as videos, got {len(self.db)}, {len(self.computed_steps)}"
            )

    def to_json(self) -> dict[str, Any]:
        """Mean computed steps, mean PSNR and its worst decile."""
        return {
            "computed_steps": round(mean(self.computed_steps), 2),
            "mean_db": round(mean(self.db), 2),
            "worst_decile_db": round(float(np.percentile(self.db, WORST)), 2),
        }


def same_number(videos: Sequence[Mapping[int, float]], budget: int) -> Mark:
    """Every video with the same number of computed steps; `videos`: PSNR by number of steps."""
    return given_numbers(videos, [budget] * len(videos))


def given_numbers(videos: Sequence[Mapping[int, float]], numbers: Sequence[int]) -> Mark:
    """Each video with a number of computed steps of its own; a KeyError where such a number was not made."""
    return Mark(tuple(numbers), tuple(video[number] for video, number in zip(videos, numbers, strict=True)))


def own_numbers(videos: Sequence[Mapping[int, float]], budget: int) -> Mark:
    """Each video with its own number of computed steps, `budget` on the mean at most.

    All get the fewest steps that reach a level, the highest one the budget allows; what is left then goes, video
    by video, to the worst. A video that reaches the level with no number gets what serves it best.

    >>> easy, hard = {1: 40.0, 2: 44.0, 3: 46.0}, {1: 25.0, 2: 30.0, 3: 40.0}
    >>> own_numbers([easy, hard], 2).computed_steps
    (1, 3)
    """
    total = budget * len(videos)
    levels = sorted({db for video in videos for db in video.values()}, reverse=True)
    numbers = next(
        (found for level in levels if sum(found := [_fewest(video, level) for video in videos]) <= total),
        [min(video) for video in videos],
    )
    if sum(numbers) > total:
        raise ValueError(f"a budget of {budget} steps is below the fewest that were made, {min(map(min, videos))}")
    while True:
        gains = [
            (video[number], index, more)
            for index, (video, number) in enumerate(zip(videos, numbers, strict=True))
            if (more := _next(video, number)) and sum(numbers) - number + more <= total
        ]
        if not gains:
            break
        _, index, more = min(gains)
        numbers[index] = more
    return given_numbers(videos, numbers)


def _fewest(video: Mapping[int, float], level: float) -> int:
    """The fewest steps that reach a level, or those that come closest to it."""
    reaching = [number for number, db in video.items() if db >= level]
    return min(reaching) if reaching else max(video, key=lambda number: (video[number], -number))


def _next(video: Mapping[int, float], number: int) -> int | None:
    """The next larger number of steps that serves a video better."""
    better = [more for more, db in video.items() if more > number and db > video[number]]
    return min(better, default=None)
