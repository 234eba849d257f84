"""What is counted of each model: one forward pass, its text encoder and its decoder, built on the meta device."""

from dataclasses import dataclass
from typing import Protocol

from app.caching.branches import Kind, Layout
from app.common.validation import whole
from app.metrics.flop_count import Count, StepCount

GUIDED_BATCH = 2  # the conditional and the unconditional half
MAX_SIDE, MAX_FRAMES, MAX_STEPS, MAX_TOKENS = 8192, 4096, 1000, 4096


@dataclass(frozen=True)
class Workload:
    """One video: its size in pixels and frames, its denoising steps, and the text tokens attended to."""

    height: int
    width: int
    frames: int
    steps: int
    text_tokens: int
    flow_shift: float | None = None  # none for the model's own

    def __post_init__(self) -> None:
        whole("height", self.height, 16, MAX_SIDE)
        whole("width", self.width, 16, MAX_SIDE)
        whole("frames", self.frames, 1, MAX_FRAMES)
        whole("steps", self.steps, 1, MAX_STEPS)
        whole("text tokens", self.text_tokens, 1, MAX_TOKENS)


class Countable(Protocol):
    """A model as far as FLOPs go."""

    depth: int
    layout: Layout
    unseen: frozenset[Kind]  # whose attention products the paper's count leaves out

    def schedule(self, work: Workload) -> tuple[float, ...]:
        """Timesteps of every step, from which static methods decide."""

    def step(self, work: Workload) -> StepCount:
        """One guided step of the transformer: both halves."""

    def encode_text(self, work: Workload) -> Count:
        """The text encoder, once a video."""

    def decode(self, work: Workload) -> Count:
        """The decoder, once a video."""


def t5_encoder(tokens: int, layers: int, channels: int, hidden: int) -> Count:
    """A T5 v1.1 encoder on one sequence: four projections, two attention products and a gated MLP a layer."""
    linear = 2 * tokens * (4 * channels**2 + 3 * channels * hidden)
    attention = 2 * 2 * tokens**2 * channels
    return Count(layers * (linear + attention), layers * attention)
