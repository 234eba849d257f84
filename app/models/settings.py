"""Settings: what a run may ask of a model that has it, beside steps, guidance and size."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

from app.common.validation import number, shown, text

Precision = Literal["float32", "bfloat16"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
NAMES = ("negative_prompt", "precision", "flow_shift")
MAX_NEGATIVE_PROMPT = 1500
MIN_FLOW_SHIFT, MAX_FLOW_SHIFT = 0.01, 100.0


@dataclass(frozen=True)
class Settings:
    """Each is none where it is the model's own: what it was published with, and the device's precision."""

    negative_prompt: str | None = None  # what guidance leads away from; "" is a choice as well
    precision: Precision | None = None  # of weights and arithmetic
    flow_shift: float | None = None  # s: noise levels t become s t / (1 + (s - 1) t)

    def __post_init__(self) -> None:
        if self.negative_prompt is not None:
            text("the negative prompt", self.negative_prompt, MAX_NEGATIVE_PROMPT)
        if self.precision is not None and self.precision not in PRECISIONS:
            raise ValueError(f"precision must be {' or '.join(PRECISIONS)}, got {shown(self.precision)}")
        if self.flow_shift is not None:
            number("flow shift", self.flow_shift, MIN_FLOW_SHIFT, MAX_FLOW_SHIFT)

    def __str__(self) -> str:
        words = {
            "negative_prompt": "another negative prompt",
            "precision": self.precision,
            "flow_shift": f"flow shift {self.flow_shift}",
        }
        return ", ".join(f"{words[name]}" for name in self.given)

    @property
    def given(self) -> dict[str, Any]:
        """Those that are not the model's own, by name."""
        return {name: value for name, value in vars(self).items() if value is not None}
