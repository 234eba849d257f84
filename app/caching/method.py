"""Method: the settings of one way to accelerate a run, and MethodKind: what a person needs to know of it.

A method says when a step is computed (its schedule) and what stands in where it is not (its reuse). Methods that
compute all blocks of a step or none take any reuse; the others bring their own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

from app.caching.fields import Field
from app.caching.policy import CachePolicy, Granularity, Reuse, RunShape, Signal
from app.caching.rows import BranchRow, Curve, Window, probe_rows, whole_rows

ReuseOption = Literal["hold", "forecast", "forecast-2", "probe-scaled"]
Solver = Literal["own", "dpm-2m"]
REUSES: dict[ReuseOption, str] = {
    "hold": "Hold the last residual",
    "forecast": "Forecast: the line through the last two",
    "forecast-2": "Forecast of order 2 (TaylorSeer)",
    "probe-scaled": "Scaled by the first block (DiCache)",
}
SOLVERS: dict[Solver, str] = {"own": "The model's own", "dpm-2m": "DPM-Solver++(2M)"}


@dataclass(frozen=True, kw_only=True)
class Method:
    """What every method can be asked for; each has a frozen dataclass of its own with its settings."""

    solver: Solver = "own"  # of the accelerated side; the baseline always has the model's own

    # What it measures in a step, in the order it is worked out: the last is compared with `limit`, and a step is
    # reused as long as that is lower.
    curves: ClassVar[tuple[Curve, ...]] = ()

    def __post_init__(self) -> None:
        if self.solver not in get_args(Solver):
            raise ValueError(f"solver must be one of {', '.join(get_args(Solver))}, got {self.solver!r}")

    def run_steps(self, steps: int) -> int:
        """Denoising steps of the accelerated side, where the baseline makes `steps`."""
        return steps

    def limit(self, steps: int) -> float:
        """The one threshold that its signal is compared with in a run of `steps`; 0 where there is none."""
        return float(getattr(self, "threshold", 0.0))

    def rows(self, run: RunShape) -> tuple[BranchRow, ...]:
        """The branches of a model by what it treats alike, in the order of execution; each branch in one row."""
        return whole_rows(run)

    def windows(self, run: RunShape) -> tuple[Window, ...]:
        """Where in a run its rules hold; none where one rule holds throughout."""
        return ()


@dataclass(frozen=True, kw_only=True)
class WholeStackMethod(Method):
    """A method that computes all blocks of a step or none (but a first block as a probe)."""

    reuse: ReuseOption = "hold"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.reuse not in get_args(ReuseOption):
            raise ValueError(f"reuse must be one of {', '.join(get_args(ReuseOption))}, got {self.reuse!r}")

    def rows(self, run: RunShape) -> tuple[BranchRow, ...]:
        """One, unless the reuse computes the first block in every step."""
        return probe_rows(run) if self.reuse == "probe-scaled" else whole_rows(run)


@dataclass
class WholeStackPolicy(CachePolicy):
    """The policy of such a method: one tensor is kept, and reused as the settings say."""

    config: WholeStackMethod
    granularity: Granularity = "sum"

    @property
    def reuse(self) -> Reuse:
        """What stands in for a step that is not computed."""
        return self.config.reuse


@dataclass(frozen=True)
class MethodKind:
    """A method as people know it, and its code. One file of app/caching/methods registers one."""

    name: str  # in JSON, in names such as fixed-interval-3, in assets/palette.json
    title: str
    description: str  # a paragraph that explains it
    source: str  # paper and code
    config: type[Method]
    build: Callable[[Any], CachePolicy]  # of its settings, a new policy for one run
    order: int  # place in lists
    fields: tuple[Field, ...] = ()  # its settings on the page, unless it has controls of its own
    setting: str = ""  # the one setting that gives its operating point; empty where there is none
    points: tuple[str, ...] = ()  # operating points for comparisons, as they follow its name
    parse: Callable[[str], dict[str, Any]] | None = None  # settings from what follows its name, unless a number
    signals: frozenset[Signal] = frozenset()  # what it measures beside residuals, which a model has to show
    attention: bool = False  # needs attention and MLP apart
    blocks: int = 1  # that a model must have at least
    aliases: tuple[str, ...] = ()  # earlier names in JSON
    start: Callable[[int], dict[str, Any]] | None = None  # settings to begin with in a run of so many steps

    @property
    def takes_reuse(self) -> bool:
        """Whether it goes with any reuse."""
        return issubclass(self.config, WholeStackMethod)

    def settings(self, text: str) -> dict[str, Any]:
        """Settings from what follows its name; a ValueError says what is expected."""
        if self.parse is not None:
            return self.parse(text)
        try:
            return {self.setting: int(text) if text.isdecimal() else float(text)}
        except ValueError:
            raise ValueError(f"a number is expected at the end of the method's name, got {text[:40]!r}") from None
