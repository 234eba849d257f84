"""The trace of a run: one StepRecord a step and side, together with the request that made it.

Plain numbers without tensors, so that the page, the command line and the tests read the same records.
"""

from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

from app.caching.record import StepRecord
from app.common.validation import shown
from app.generation.request import MAX_STEPS, Request

Side = Literal["baseline", "accelerated"]
SIDES: tuple[Side, ...] = get_args(Side)
SCHEMA = 1
MAX_RECORDS = 2 * MAX_STEPS  # a sampler may make more steps than it was asked for


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

    def exchanged_bytes(self) -> dict[Side, int] | None:
        """What the processes that share the videos sent each other, by side; none where one process made them."""
        bytes_of = {side: [r.exchanged_bytes for r in records] for side, records in self.records.items()}
        if any(None in steps for steps in bytes_of.values()):
            return None
        return {side: sum(step or 0 for step in steps) for side, steps in bytes_of.items()}

    def to_json(self) -> dict[str, Any]:
        """The trace as written to trace.json."""
        return {
            "schema": SCHEMA,
            "request": self.request.to_json(),
            "records": {side: [r.to_json() for r in records] for side, records in self.records.items()},
        }

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read a trace.json; a ValueError says what does not fit."""
        if not isinstance(value, dict):
            raise ValueError("a trace must be a JSON object")
        if value.get("schema") != SCHEMA:
            raise ValueError(f"a trace of schema {SCHEMA} is needed, got {shown(value.get('schema'))}")
        sides = value.get("records")
        if not isinstance(sides, dict) or not all(_list_of_steps(records) for records in sides.values()):
            raise ValueError(f"a trace has for each side a list of at most {MAX_RECORDS} step records")
        if unknown := set(sides) - set(SIDES):
            raise ValueError(f"a trace has the sides {', '.join(SIDES)}, got {', '.join(sorted(unknown))[:100]}")
        records = {side: tuple(StepRecord.from_json(r) for r in sides[side]) for side in SIDES if side in sides}
        return cls(Request.from_json(value.get("request")), records)


def _list_of_steps(value: object) -> bool:
    return isinstance(value, list) and len(value) <= MAX_RECORDS


def steps_of(request: Request, baseline: int) -> dict[Side, int]:
    """Denoising steps of each side, where the baseline makes `baseline`.

    A sampler such as PNDM makes more than are asked for, and equally many more on both sides.
    """
    more = baseline - request.steps
    return {"baseline": baseline, "accelerated": request.method.run_steps(request.steps) + more}
