"""The trace of a run: one StepRecord a step and side, together with the request that made it.

Plain numbers without tensors, so that the page, the command line and the tests read the same records.
"""

import math
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self, get_args

from app.caching.registry import run_steps
from app.common.validation import number, whole
from app.generation.request import MAX_STEPS, Request

Side = Literal["baseline", "accelerated"]
SIDES: tuple[Side, ...] = get_args(Side)
SCHEMA = 1
MEASURED = ("distance", "normalised", "motion", "motion_score", "motion_gradient", "regularised")
MAX_TIMESTEP, MAX_SECONDS, MAX_BRANCHES, MAX_RATE = 1e4, 1e6, 100_000, 1_000_000


@dataclass(frozen=True)
class StepRecord:
    """One denoising step of one side; None where nothing was measured.

    step counts from 1; timestep is 1000 at pure noise; computed: all, none, or the number of residual branches;
    the distances, motion terms, rate and row are those of app.caching.policy.Decision; seconds: compute time.
    """

    step: int
    timestep: float
    computed: Literal["all", "none"] | int
    seconds: float
    distance: float | None = None
    normalised: float | None = None
    motion: float | None = None
    motion_score: float | None = None
    motion_gradient: float | None = None
    regularised: float | None = None
    rate: int | None = None
    row: int | None = None

    def __post_init__(self) -> None:
        whole("step", self.step, 1, MAX_STEPS)
        number("timestep", self.timestep, 0, MAX_TIMESTEP)
        number("seconds of a step", self.seconds, 0, MAX_SECONDS)
        if self.computed not in ("all", "none"):
            whole("computed branches", self.computed, 1, MAX_BRANCHES)
        for name in MEASURED:
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):  # NaN is one
                raise ValueError(f"{name} must be a number or none, got {str(value)[:40]!r}")
        for name, low in (("rate", 1), ("row", 0)):
            if (chosen := getattr(self, name)) is not None:
                whole(name, chosen, low, MAX_RATE)

    def to_json(self) -> dict[str, Any]:
        """JSON has no NaN and no infinity: such a number is written as its name."""
        return {
            name: str(value) if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        numbers = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
        known = {field.name for field in fields(cls)}
        if unknown := set(value) - known:
            raise ValueError(f"unknown fields in a step record: {', '.join(sorted(unknown))}")
        settings: dict[str, Any] = {
            name: numbers.get(x, x) if isinstance(x, str) else x for name, x in value.items()
        }
        return cls(**settings)


@dataclass(frozen=True)
class Trace:
    """All records of a run, by side."""

    request: Request
    records: dict[Side, tuple[StepRecord, ...]]

    def computed_steps(self, side: Side) -> list[int]:
        """Steps in which at least one residual branch was computed."""
        return [record.step for record in self.records[side] if record.computed != "none"]

    def seconds(self, side: Side) -> float:
        """Compute time of all denoising steps of a side."""
        return sum(record.seconds for record in self.records[side])

    def to_json(self) -> dict[str, Any]:
        """The trace as written to trace.json."""
        return {
            "schema": SCHEMA,
            "request": self.request.to_json(),
            "records": {side: [r.to_json() for r in records] for side, records in self.records.items()},
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Read a trace.json; a ValueError says what does not fit."""
        if value.get("schema") != SCHEMA:
            raise ValueError(f"a trace of schema {SCHEMA} is needed, got {value.get('schema')!r}")
        sides = value["records"]
        if unknown := set(sides) - set(SIDES):
            raise ValueError(f"a trace has the sides {', '.join(SIDES)}, got {', '.join(sorted(unknown))}")
        records = {side: tuple(StepRecord.from_json(r) for r in sides[side]) for side in SIDES if side in sides}
        return cls(Request.from_json(value["request"]), records)


def steps_of(request: Request, baseline: int) -> dict[Side, int]:
    """Denoising steps of each side, where the baseline makes `baseline`.

    A sampler such as PNDM makes more than are asked for, and equally many more on both sides.
    """
    more = baseline - request.steps
    return {"baseline": baseline, "accelerated": run_steps(request.method, request.steps) + more}
