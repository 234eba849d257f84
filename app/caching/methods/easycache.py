"""EasyCache: steps are skipped while the change of the model's input, scaled by what it did lately, stays small.

Zhou et al. 2025 (arXiv 2507.02860); decisions as in H-EmbodVis/EasyCache. It looks at the model from outside: its
input and output, the conditional half of the batch.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from app.caching.branches import Branch
from app.caching.distances import Norms, norms
from app.caching.fields import Field
from app.caching.method import MethodKind, WholeStackMethod, WholeStackPolicy
from app.caching.policy import Decision, Granularity, Plan, RunShape, Signal
from app.caching.registry import register
from app.caching.rows import Curve, Window
from app.caching.sharding import ONE_PROCESS, Sharding
from app.common.validation import number, whole

MAX_THRESHOLD = 1000.0
MAX_STEPS = 1000


@dataclass(frozen=True)
class EasyCacheConfig(WholeStackMethod):
    """threshold: skipped while the summed estimate stays below it. warmup: first steps, all computed.

    What is reused is the output's difference to the input, not the sum of the blocks' residuals.
    """

    threshold: float = 0.05
    warmup: int = 5

    curves: ClassVar[tuple[Curve, ...]] = (
        Curve("distance", "change of the input over the output"),
        Curve("normalised", "estimated change of the output"),
        Curve("regularised", "summed since the last computed step"),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        number("EasyCache threshold", self.threshold, 0, MAX_THRESHOLD)
        whole("EasyCache warm-up steps", self.warmup, 1, MAX_STEPS)

    def windows(self, run: RunShape) -> tuple[Window, ...]:
        """The warm-up and the last step."""
        rows, first = tuple(row.name for row in self.rows(run)), min(self.warmup, run.steps)
        last = () if first == run.steps else (Window("always computed", (run.steps, run.steps), rows),)
        return (Window("always computed", (1, first), rows), *last)


@dataclass
class EasyCache(WholeStackPolicy):
    """Estimates the change of the output as the rate of the last computed step times the change of the input."""

    config: EasyCacheConfig
    granularity: Granularity = "model"  # the model as a whole
    signals: frozenset[Signal] = frozenset({"latent", "output"})
    _input: Tensor | None = None  # of the step before
    _computed_input: Tensor | None = None
    _computed_output: Tensor | None = None
    _rate: float | None = None  # change of the output for that of the input, between the last two computed steps
    _sum: float = 0.0
    _decision: Decision | None = None
    _compute: bool = True
    _step: int = 0
    _steps: int = 0
    _sharding: Sharding = ONE_PROCESS

    def __post_init__(self) -> None:
        if self.reuse == "probe-scaled":  # whose probe is among the model's blocks
            self.granularity = "sum"

    def start(self, run: RunShape) -> frozenset[Branch]:
        """No branch is observed."""
        self._steps, self._sharding = run.steps, run.sharding
        return frozenset()

    def plan(self, step: int) -> Plan:
        """Nothing yet: what the model is given decides."""
        self._step, self._decision = step, None
        return "none"

    def observe_signal(self, signal: Signal, value: Tensor) -> None:
        """Decide on the input (batch, channels, frames, height, width); learn the rate from the output."""
        half = value[: max(1, len(value) // 2)]
        if signal == "latent":
            self._decide(half)
        else:
            self._learn(half)

    def revise(self, plan: Plan) -> Plan:
        """All or nothing."""
        return "all" if self._compute else "none"

    def end_step(self) -> Decision:
        """distance: the input's change over the output; normalised: its estimate; regularised: their sum."""
        return self._decision or Decision()

    def held_bytes(self) -> int:
        """Inputs and output of earlier steps."""
        held = (self._input, self._computed_input, self._computed_output)
        return sum({id(tensor): tensor.nbytes for tensor in held if tensor is not None}.values())

    def _decide(self, current: Tensor) -> None:
        self._compute = self._step <= self.config.warmup or self._step == self._steps
        if not self._compute and self._rate is not None:
            assert self._input is not None
            assert self._computed_output is not None
            moved = self._norms(self._input, current).difference
            distance = moved / self._norms(self._input, self._computed_output).after
            self._sum += self._rate * distance
            self._decision = Decision(distance=distance, normalised=self._rate * distance, regularised=self._sum)
        # Without a rate, or with a NaN, which is not below the threshold, the step is computed.
        self._compute = self._compute or self._rate is None or not self._sum < self.config.threshold
        self._input = current

    def _learn(self, output: Tensor) -> None:
        if self._computed_output is not None:
            assert self._input is not None
            assert self._computed_input is not None
            moved = self._norms(self._computed_input, self._input).difference
            self._rate = self._norms(self._computed_output, output).difference / moved if moved else None
        self._computed_input, self._computed_output, self._sum = self._input, output, 0.0

    def _norms(self, before: Tensor, after: Tensor) -> Norms:
        return norms(before, after, 1, self._sharding)


register(
    MethodKind(
        name="easycache",
        title="EasyCache",
        description="While a run goes on, the model's output changes in proportion to its input for some steps. "
        "The rate is measured between computed steps; each step's change of the input times the rate estimates "
        "the change of the output, and steps are skipped until the summed estimate reaches a threshold. Nothing "
        "is calibrated, and what is reused is the difference between the model's output and input.",
        source="Zhou et al. 2025, arXiv 2507.02860; github.com/H-EmbodVis/EasyCache",
        config=EasyCacheConfig,
        build=EasyCache,
        order=7,
        fields=(
            Field("threshold", "Threshold", "Steps are reused while the summed estimate is below it."),
            Field("warmup", "Warm-up steps", "The first ones, all computed."),
        ),
        setting="threshold",
        points=("0.05", "0.1", "0.15"),
        signals=frozenset({"latent", "output"}),
    )
)
