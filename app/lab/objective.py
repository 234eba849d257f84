"""Objective: what calibration makes best: the predicted picture, its worst decile, or the change of the probe."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Literal

import numpy as np

from app.caching.method import ReuseOption
from app.lab.adapting import WORST
from app.lab.prediction import predictor
from app.lab.prediction_fit import scale_for
from app.lab.recording import Recording
from app.lab.simulate import reuse_error

ObjectiveName = Literal["picture", "worst-picture", "probe"]
Steps = tuple[int, ...]


@dataclass(frozen=True)
class Objective:
    """A loss of a schedule on a recording, lower is better, and how several recordings are taken together."""

    name: ObjectiveName
    title: str

    @property
    def of_picture(self) -> bool:
        """Whether the loss is a predicted PSNR in dB, its sign turned."""
        return self.name != "probe"

    def loss(self, recording: Recording, reuse: ReuseOption) -> Callable[[Steps], float]:
        """The loss of computed steps on one recording; a ValueError where it keeps no velocities."""
        if not self.of_picture:
            return lambda computed: reuse_error(recording, computed)
        predicting = predictor(recording, scale_for(recording.model))
        return lambda computed: -float(predicting.db([computed], reuse)[0])

    def over(self, losses: Sequence[float]) -> float:
        """The loss over recordings: their mean, or what a tenth of them exceeds."""
        return float(np.percentile(losses, 100 - WORST)) if self.name == "worst-picture" else mean(losses)

    def text(self, loss: float) -> str:
        """A loss as a person reads it.

        >>> OBJECTIVES["picture"].text(-41.26)
        '41.3 dB'
        """
        return f"{-loss:.1f} dB" if self.of_picture else f"error {loss:.4f}"


OBJECTIVES: dict[ObjectiveName, Objective] = {
    "picture": Objective("picture", "mean predicted PSNR"),
    "worst-picture": Objective("worst-picture", "worst decile of the predicted PSNR"),
    "probe": Objective("probe", "mean change of the probe"),
}


def usual_objective(recordings: Sequence[Recording]) -> Objective:
    """The predicted picture where every recording can tell it, else the probe."""
    return OBJECTIVES["picture" if all(recording.velocities for recording in recordings) else "probe"]
