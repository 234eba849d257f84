"""StepRecord: one denoising step as it was decided and carried out, in plain numbers without tensors.

The page, the command line, the FLOP counts and the tests all read these records.
"""

import math
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self

from app.caching.policy import Decision
from app.common.validation import is_number, number, shown, whole

MAX_STEP = 1000
MEASURED = ("distance", "normalised", "motion", "motion_score", "motion_gradient", "regularised")
MAX_TIMESTEP, MAX_SECONDS, MAX_BRANCHES, MAX_RATE = 1e4, 1e6, 100_000, 1_000_000
MAX_BYTES = 2**53 - 1
MAX_MEASURED = 1e30  # of a motion score, the eighth power of what was measured; NaN and infinity are let through


@dataclass(frozen=True, kw_only=True)
class StepRecord(Decision):
    """One denoising step of one side: what the policy decided in it, what was computed, and for how long."""

    step: int  # counted from 1
    timestep: float  # 1000 at pure noise
    computed: Literal["all", "none"] | int  # the number of residual branches where neither all nor none
    seconds: float  # compute time
    exchanged_bytes: int | None = None  # sent between the processes that share the video, where several do

    def __post_init__(self) -> None:
        whole("step", self.step, 1, MAX_STEP)
        number("timestep", self.timestep, 0, MAX_TIMESTEP)
        number("seconds of a step", self.seconds, 0, MAX_SECONDS)
        if self.computed not in ("all", "none"):
            whole("computed branches", self.computed, 1, MAX_BRANCHES)
        for name in MEASURED:
            value = getattr(self, name)
            if value is not None and (not is_number(value) or MAX_MEASURED < abs(value) < math.inf):
                raise ValueError(f"{name} must be a number or none, got {shown(value)}")
        for name, low, high in (("rate", 1, MAX_RATE), ("row", 0, MAX_RATE), ("exchanged_bytes", 0, MAX_BYTES)):
            if (chosen := getattr(self, name)) is not None:
                whole(name, chosen, low, high)

    def to_json(self) -> dict[str, Any]:
        """Every field, none too."""
        values = asdict(self)
        return {name: json_number(values[name]) for name in COLUMNS}

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read what `to_json` wrote."""
        if not isinstance(value, dict):
            raise ValueError(f"a step record is a JSON object, got {shown(value)}")
        numbers = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
        known = {field.name for field in fields(cls)}
        if unknown := set(value) - known:
            raise ValueError(f"unknown fields in a step record: {', '.join(sorted(unknown))[:100]}")
        if missing := set(OWN) - set(value):
            raise ValueError(f"a step record lacks {', '.join(sorted(missing))}")
        settings: dict[str, Any] = {
            name: numbers.get(x, x) if isinstance(x, str) else x for name, x in value.items()
        }
        return cls(**settings)


def json_number(value: Any) -> Any:
    """JSON has no NaN and no infinity: such a number is written as its name."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


OWN = ("step", "timestep", "computed", "seconds")
COLUMNS = (
    *OWN,
    *(field.name for field in fields(Decision)),
    "exchanged_bytes",
)  # in the order of files and tables
