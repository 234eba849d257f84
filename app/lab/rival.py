"""Rival: even steps of a codebook's compute and reuse, which it has to beat to be worth its decisions."""

from dataclasses import dataclass
from statistics import mean

from app.caching.method import ReuseOption
from app.caching.methods.even_steps import EvenStepsConfig
from app.lab.calibrate import Calibration
from app.lab.objective import Objective
from app.lab.recording import Recording
from app.lab.simulate import speedup


@dataclass(frozen=True)
class Rival:
    """The even schedule nearest in speedup, and its loss over all recordings."""

    computed: int  # steps
    speedup: float
    loss: float

    def sentence(self, objective: Objective, held_out: float) -> str:
        """How a codebook of a held-out loss compares with it."""
        than = f"{self.computed} even steps ({self.speedup:.2f}x) have {objective.text(self.loss)}"
        if held_out < self.loss:
            return f"{than}: on prompts it has not seen the codebook is better."
        return f"{than}: on prompts it has not seen the codebook is no better; even steps are enough here."


def even_rival(
    recordings: list[Recording], calibration: Calibration, reuse: ReuseOption, objective: Objective
) -> Rival:
    """The even schedule whose predicted mean speedup is nearest to that of the chosen codebook."""
    rivals = even_rivals(recordings, reuse, objective)
    return min(rivals, key=lambda rival: abs(rival.speedup - calibration.chosen.speedup))


def even_rivals(recordings: list[Recording], reuse: ReuseOption, objective: Objective) -> list[Rival]:
    """Every even schedule whose gaps the recordings hold, slowest first: what a front has to lie above."""
    losses = [objective.loss(recording, reuse) for recording in recordings]
    fewest = max(-(-r.steps // r.max_lag) for r in recordings)
    rivals = []
    for count in range(min(r.steps for r in recordings), fewest - 1, -1):
        evenly = [EvenStepsConfig(count).steps(recording.steps) for recording in recordings]
        fast = mean(speedup(recording, steps, reuse) for recording, steps in zip(recordings, evenly, strict=True))
        lost = objective.over([loss(steps) for loss, steps in zip(losses, evenly, strict=True)])
        rivals.append(Rival(count, fast, lost))
    return rivals
