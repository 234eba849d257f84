"""The trace of a run: one StepRecord a step and side, together with the request that made it.

Plain numbers without tensors, so that the page, the command line and the tests read the same records.
"""

from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

from app.caching.record import StepRecord
from app.generation.request import Request

Side = Literal["baseline", "accelerated"]
SIDES: tuple[Side, ...] = get_args(Side)
SCHEMA = 1


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
    return {"baseline": baseline, "accelerated": request.method.run_steps(request.steps) + more}
