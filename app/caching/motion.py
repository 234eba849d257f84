"""Motion regularisation: what the difference between frames makes of a distance (Sec. 4.3, Eq. 7-9)."""

import math
from dataclasses import dataclass
from typing import Literal

from app.common.validation import number, shown, whole, whole_range

Formula = Literal["official", "paper"]
MAX_STRIDE, MAX_STRIDES, MAX_STEPS = 4096, 64, 1000
MIN_SCALE, MAX_SCALE, MAX_POWER = 1e-6, 1e6, 64


@dataclass(frozen=True)
class MotionRegularisation:
    """Scale the distance by how much the video moves (Sec. 4.3); the defaults are the released code's.

    strides: frame distances averaged over; reference, power, divisor: m -> (m / reference)^power / divisor;
    gradient_scale: weight of the motion gradient, 0 for the score alone; window: first and last step in which it
    acts, outside the score is 1; none for the released code's windows. Formula "paper" has neither scale, power
    nor window: of these it uses only the strides and whether the gradient is on.
    """

    strides: tuple[int, ...] = (1,)
    reference: float = 0.385
    power: float = 8.0
    divisor: float = 1.0
    gradient_scale: float = 10.0
    window: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.strides, tuple) or not 1 <= len(self.strides) <= MAX_STRIDES:
            raise ValueError(f"motion strides are 1 to {MAX_STRIDES} numbers of frames, got {shown(self.strides)}")
        for stride in self.strides:
            whole("a motion stride", stride, 1, MAX_STRIDE)
        number("motion reference", self.reference, MIN_SCALE, MAX_SCALE)
        number("motion divisor", self.divisor, MIN_SCALE, MAX_SCALE)
        number("motion power", self.power, 0, MAX_POWER)
        number("motion gradient scale", self.gradient_scale, 0, MAX_SCALE)
        if self.window is not None:
            whole_range("motion window", self.window, 0, MAX_STEPS)

    def score(self, motion: float, step: int, steps: int) -> float:
        """The released code's transformed score in `step` of `steps`: 1 outside the window."""
        first, last = self.window or default_window(steps)
        if not first <= step <= last:
            return 1.0
        try:
            return (motion / self.reference) ** self.power / self.divisor
        except OverflowError:  # of the power: more than a float holds
            return math.inf


def default_window(steps: int) -> tuple[int, int]:
    """The released code's window: steps 4 to 26 of 30, 10 to 90 of 100, and a tenth at either end of others."""
    margin = max(4, round(steps / 10))
    return margin, steps - margin


def regularisation(score: float, gradient: float, formula: Formula) -> float:
    """The factor on the distance: m + |mg| in the released code, m + mg in Eq. 9."""
    return score + (abs(gradient) if formula == "official" else gradient)
