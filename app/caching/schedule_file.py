"""Schedule file: the computed steps of a run as JSON that can be kept, shared and run anywhere.

{"schedule": 1, "steps": 30, "computed": [1, 4, 7], "reuse": "hold", "model": "sprites"}
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from app.caching.method import ReuseOption
from app.caching.methods.listed_steps import MAX_STEP, ListedStepsConfig
from app.common.validation import as_whole, parse_json, shown, text, whole

FORMAT = 1
MAX_BYTES = 100_000
MAX_NAME = 200


@dataclass(frozen=True)
class ScheduleFile:
    """A schedule, whatever found it."""

    steps: int  # denoising steps of the runs it is for
    computed: tuple[int, ...]  # increasing, from 1
    reuse: ReuseOption = "hold"  # what stands in for the other steps
    model: str = ""  # id of the model it was found on; empty if it was on none

    def __post_init__(self) -> None:
        whole("the steps of a schedule", self.steps, 1, MAX_STEP)
        text("the model of a schedule", self.model, MAX_NAME)
        if self.method.steps[-1] > self.steps:
            raise ValueError(f"the schedule computes step {self.method.steps[-1]} of {self.steps}")

    @property
    def method(self) -> ListedStepsConfig:
        """The method that computes exactly these steps."""
        return ListedStepsConfig(self.computed, reuse=self.reuse)

    def to_json(self) -> dict[str, Any]:
        """As written to disk."""
        return {"schedule": FORMAT, **asdict(self), "computed": list(self.computed)}

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read what `to_json` wrote; a ValueError says what does not fit."""
        if not isinstance(value, dict) or "schedule" not in value:
            raise ValueError(f'the file of a schedule begins with "schedule": {FORMAT}, got {shown(value)}')
        if value["schedule"] != FORMAT:
            raise ValueError(f"a schedule of format {FORMAT} is needed, got {shown(value['schedule'])}")
        unknown = set(value) - {"schedule", *cls.__dataclass_fields__}
        missing = {"steps", "computed"} - set(value)
        if unknown or missing:
            raise ValueError(
                f"a schedule has the fields schedule, {', '.join(cls.__dataclass_fields__)}, got {shown(value)}"
            )
        computed = value["computed"]
        if not isinstance(computed, list) or len(computed) > MAX_STEP:
            raise ValueError(f"a schedule lists at most {MAX_STEP} computed steps, got {shown(computed)}")
        more = {name: value[name] for name in ("reuse", "model") if name in value}
        steps, *listed = (as_whole(number) for number in (value["steps"], *computed))
        return cls(steps, tuple(listed), **more)  # type: ignore[arg-type]  # checked there


def parse_schedule(data: bytes | str) -> ScheduleFile:
    """Read a schedule from its file's bytes or text; a ValueError says in one line what is wrong."""
    return ScheduleFile.from_json(parse_json(data, "the schedule", MAX_BYTES))


def load_schedule(path: Path) -> ScheduleFile:
    """Read a schedule from disk; a ValueError names the file and what is wrong with it."""
    try:
        with path.open("rb") as file:
            return parse_schedule(file.read(MAX_BYTES + 1))
    except OSError as error:
        raise ValueError(f"cannot read the schedule {str(path)!r}: {error.strerror}") from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
