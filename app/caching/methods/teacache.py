"""TeaCache: steps are skipped until the summed change of the model's input reaches a threshold.

TeaCache, Liu et al. 2024 (arXiv 2411.19108); decisions as in ali-vilab/TeaCache (eval/teacache/experiments).
"""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from app.caching.branches import Branch
from app.caching.distances import change, norms
from app.caching.fields import Field
from app.caching.method import MethodKind, WholeStackMethod, WholeStackPolicy
from app.caching.policy import Decision, Plan, RunShape, Signal
from app.caching.registry import register
from app.caching.rows import Curve, Window
from app.caching.sharding import ONE_PROCESS, Sharding
from app.common.validation import number

MAX_THRESHOLD = 1000.0
MAX_COEFFICIENTS = 16
MAX_COEFFICIENT = 1e9


@dataclass(frozen=True)
class TeaCacheConfig(WholeStackMethod):
    """threshold: a step is skipped while the sum stays below it.

    What is summed, every step since the last computed one: the relative L1 change, since the step before, of the
    first block's normed and timestep-modulated input, through a polynomial (`coefficients`, highest power first)
    that estimates from it the change of the model's output. The default leaves the change as it is; published
    coefficients belong to a model and come with its settings. The first and the last step are always computed.
    """

    threshold: float = 0.1
    coefficients: tuple[float, ...] = (1.0, 0.0)

    curves: ClassVar[tuple[Curve, ...]] = (
        Curve("distance", "change of the input since the step before"),
        Curve("normalised", "estimated change of the output"),
        Curve("regularised", "summed since the last computed step"),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        number("TeaCache threshold", self.threshold, 0, MAX_THRESHOLD)
        if not isinstance(self.coefficients, tuple) or not 1 <= len(self.coefficients) <= MAX_COEFFICIENTS:
            raise ValueError(f"1 to {MAX_COEFFICIENTS} coefficients are needed, got {self.coefficients!r}")
        for coefficient in self.coefficients:
            number("coefficient", coefficient, -MAX_COEFFICIENT, MAX_COEFFICIENT)

    def windows(self, run: RunShape) -> tuple[Window, ...]:
        """The last step."""
        return (Window("always computed", (run.steps, run.steps), tuple(row.name for row in self.rows(run))),)

    def rescale(self, distance: float) -> float:
        """The polynomial at `distance`, highest power first."""
        value = 0.0
        for coefficient in self.coefficients:
            value = value * distance + coefficient
        return value


@dataclass
class TeaCache(WholeStackPolicy):
    """Sums the estimates and computes when the threshold is reached; the sum then begins anew."""

    config: TeaCacheConfig
    signals: frozenset[Signal] = frozenset({"modulated-input"})
    _previous: Tensor | None = None
    _sum: float = 0.0
    _decision: Decision | None = None
    _compute: bool = True
    _step: int = 0
    _steps: int = 0
    _sharding: Sharding = ONE_PROCESS

    def start(self, run: RunShape) -> frozenset[Branch]:
        """Only the input is observed."""
        self._steps, self._sharding = run.steps, run.sharding
        return frozenset()

    def plan(self, step: int) -> Plan:
        """Nothing yet: the step's input decides."""
        self._step = step
        self._decision = None
        return "none"

    def observe_signal(self, signal: Signal, value: Tensor) -> None:
        """Measure the change of the modulated input (batch, frames, patches, channels) and decide."""
        self._compute = self._step in (1, self._steps)
        if not self._compute:
            assert self._previous is not None
            distance = change(norms(self._previous, value, 1, self._sharding), "l1", relative=True)
            estimate = self.config.rescale(distance)
            self._sum += estimate
            self._decision = Decision(distance=distance, normalised=estimate, regularised=self._sum)
            # A NaN is not below the threshold: it computes.
            self._compute = not self._sum < self.config.threshold
        if self._compute:
            self._sum = 0.0
        self._previous = value

    def revise(self, plan: Plan) -> Plan:
        """All branches or none."""
        return "all" if self._compute else "none"

    def end_step(self) -> Decision:
        """The change, its estimate, and the sum that was compared with the threshold."""
        return self._decision or Decision()

    def held_bytes(self) -> int:
        """The previous input."""
        return 0 if self._previous is None else self._previous.nbytes


register(
    MethodKind(
        name="teacache",
        title="TeaCache (accumulated distance)",
        description="The input of the first block, already modulated by the timestep, is cheap to have in every "
        "step and changes along with the model's output. Its relative changes are added up, through a "
        "polynomial fitted to the model, and everything is reused until the sum reaches a threshold.",
        source="Liu et al. 2024, arXiv 2411.19108; github.com/ali-vilab/TeaCache",
        config=TeaCacheConfig,
        build=TeaCache,
        order=4,
        fields=(
            Field("threshold", "Threshold", "Steps are reused while the summed estimate is below it."),
            Field("coefficients", "Polynomial", "From change to estimate, highest power first; 1 0 keeps it."),
        ),
        setting="threshold",
        points=("0.05", "0.1", "0.2"),
        signals=frozenset({"modulated-input"}),
        aliases=("accumulated",),
    )
)
