"""Form: what the Studio's controls say, a field a control, as the browser sent it: not checked yet."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Self


@dataclass(frozen=True)
class Form:
    """The values of all controls that make a request; `read_request` turns them into one."""

    model: Any
    prompt: Any
    seed: Any
    steps: Any
    guidance: Any
    resolution: Any
    aspect_ratio: Any
    length: Any
    negative_prompt: Any
    precision: Any  # "" for the device's own
    flow_shift: Any
    aesthetic: Any
    motion_score: Any
    camera_motion: Any  # "" for none
    image: Any  # its id, "" for none
    last_image: Any  # likewise
    extends: Any  # id of a run, "" for none
    overlap: Any
    method: Any  # its id
    method_settings: Any  # of its fields, and of which choice: {"of", "settings"}
    reuse: Any  # in skipped steps
    solver: Any
    codebook: Any  # rows of the table, as its panel sends them
    motion: Any  # whether motion regularisation is on
    formula: Any
    distance: Any
    residual: Any
    location: Any
    made_for: Any  # denoising steps that the codebook was made for

    @classmethod
    def of(cls, values: Sequence[object]) -> Self:
        """The values in the order of the fields; a ValueError if they are not as many."""
        if len(values) != len(FIELDS):
            raise ValueError("the page does not fit this server; reload it")
        return cls(*values)


FIELDS = tuple(field.name for field in fields(Form))
