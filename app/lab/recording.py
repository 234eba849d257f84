"""A recording: everything of a baseline run that decides what any AdaCache codebook would have done on it.

For every step, the norms between the probe residual and its values at earlier steps, up to a maximum lag, and the
norms between its frames. From these a schedule is simulated in microseconds (simulate.py). Since schema 2 also the
products of its velocities, from which the picture of any schedule is predicted (prediction.py).
"""

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from app.caching.distances import Norms
from app.caching.methods.adacache import PROBED, ProbeResidual
from app.common.files import write_json
from app.common.validation import MAX_WHOLE, number, parse_json, shown, text, whole
from app.generation.request import MAX_GUIDANCE, MAX_NAME, MAX_PROMPT, MAX_SEED
from app.lab.velocities import VelocityRecording
from app.models.size import Size

SCHEMA = 2
READABLE = (1, 2)  # of 1 there are no velocities
STRIDES = (1, 2, 4)
MAX_BYTES = 50_000_000
MAX_STEPS = 1000
MAX_LAG = 100
MAX_DEPTH = 1000
MAX_PROBES = 64
MAX_TIMESTEP = 1e4
MIN_NORM, MAX_NORM = 1e-30, 1e30
MIN_SECONDS, MAX_SECONDS = 1e-9, 1e6
OPTIONAL = ("size", "velocities")  # fields that not every file has


@dataclass(frozen=True)
class ProbeRecording:
    """One probe over a run. Steps and lags count from 1; lists are indexed from 0.

    change[order][step - 1][lag - 1]: norms between step - lag and step, for lags up to step - 1;
    frames[order][stride][step - 1]: norms between frames, none where there are too few; order 1 or 2.
    """

    change: dict[int, tuple[tuple[Norms, ...], ...]]
    frames: dict[int, dict[int, tuple[Norms | None, ...]]]


@dataclass(frozen=True)
class Recording:
    """A baseline run as its probes saw it.

    asked: steps the run was asked for; a sampler such as PNDM evaluates the model more often, once a timestep;
    computed_seconds, reused_seconds: median measured cost of a step that computes all residuals and of one that
    reuses all; subsample_error: largest relative error of the recorded lag-1 l1 distance where only every k-th
    patch was kept (`subsample` = k), measured against all patches in the same run; 0 where all were kept.
    """

    model: str
    prompt: str
    seed: int
    guidance: float
    asked: int
    timesteps: tuple[float, ...]
    depth: int
    residual: ProbeResidual
    blocks: tuple[int, ...]
    max_lag: int
    subsample: int
    subsample_error: float
    computed_seconds: float
    reused_seconds: float
    probes: tuple[ProbeRecording, ...]
    size: Size | None = None  # asked for, where it is not the model's own
    velocities: VelocityRecording | None = None  # none in older files, and where the sampler is no Euler flow

    def __post_init__(self) -> None:
        self._check_fields()
        if self.residual not in PROBED:
            raise ValueError(f"recording of an unknown residual {self.residual!r}; known: {', '.join(PROBED)}")
        each = range(1, len(PROBED[self.residual][0]) + 1)  # fewer where the model lacks branches of the residual
        if len(self.probes) not in (accepted := [count * len(self.blocks) for count in each]):
            wanted = " or ".join(map(str, accepted))
            raise ValueError(f"recording needs {wanted} probes for blocks {self.blocks}, got {len(self.probes)}")
        for probe in self.probes:
            self._check(probe)
        for name in ("computed_seconds", "reused_seconds"):
            number(name, getattr(self, name), MIN_SECONDS, MAX_SECONDS)
        if self.velocities is not None:
            self.velocities.check(self.steps)

    @property
    def steps(self) -> int:
        """Number of denoising steps made, one a timestep."""
        return len(self.timesteps)

    @cached_property
    def distances(self) -> tuple[tuple[float, ...], ...]:
        """The matrix D: relative l1 change, mean over the probes, by step and lag, both from 1 (index 0)."""
        rows = zip(*(probe.change[1] for probe in self.probes), strict=True)
        return tuple(
            tuple(sum(c.difference / c.before for c in cells) / len(cells) for cells in zip(*row, strict=True))
            for row in rows
        )

    @cached_property
    def block_changes(self) -> dict[int, tuple[float, ...]]:
        """By probed block, the relative l1 change of its residual in every step from the second on."""
        each = len(self.probes) // len(self.blocks)
        changes = {}
        for i, block in enumerate(self.blocks):
            steps = zip(*(probe.change[1][1:] for probe in self.probes[i * each : (i + 1) * each]), strict=True)
            changes[block] = tuple(sum(lags[0].difference / lags[0].before for lags in at) / each for at in steps)
        return changes

    def distance(self, step: int, lag: int) -> float:
        """One cell of the matrix D: the change between `step - lag` and `step`."""
        return self.distances[step - 1][lag - 1]

    def to_json(self) -> dict[str, Any]:
        """The recording as written to disk."""
        probes = [
            {
                "change": {str(order): rows for order, rows in probe.change.items()},
                "frames": {str(o): {str(s): rows for s, rows in by.items()} for o, by in probe.frames.items()},
            }
            for probe in self.probes
        ]
        plain = set(self.__dataclass_fields__) - {"probes", "size", "velocities"}
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__ if name in plain}
        size = {"size": vars(self.size)} if self.size else {}
        velocities = {"velocities": self.velocities.to_json()} if self.velocities else {}
        return {"schema": SCHEMA, **fields, **size, **velocities, "probes": probes}

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Read a recording; a ValueError says in one line what is broken."""
        if not isinstance(value, dict) or value.get("schema") not in READABLE:
            found = value.get("schema") if isinstance(value, dict) else value
            raise ValueError(
                f"a recording of schema {' or '.join(map(str, READABLE))} is needed, got {shown(found)}"
            )
        timesteps = _list(value, "timesteps", MAX_STEPS)
        for timestep in timesteps:
            number("a timestep of the recording", timestep, 0, MAX_TIMESTEP)
        value = {"asked": len(timesteps), **value}  # older files are of samplers that make as many
        if missing := [name for name in cls.__dataclass_fields__ if name not in {*value, *OPTIONAL}]:
            raise ValueError(f"the recording lacks {', '.join(missing)}")
        fields = {name: value[name] for name in cls.__dataclass_fields__ if name not in OPTIONAL}
        if "size" in value:
            fields["size"] = Size.from_json(value["size"])
        if "velocities" in value:
            fields["velocities"] = VelocityRecording.from_json(value["velocities"])
        fields["timesteps"] = tuple(map(float, timesteps))
        fields["blocks"] = tuple(_list(value, "blocks", MAX_PROBES))
        fields["probes"] = tuple(map(_read_probe, _list(value, "probes", MAX_PROBES)))
        return cls(**fields)

    def save(self, path: Path) -> None:
        """Write the recording atomically."""
        write_json(path, self.to_json(), compact=True)

    def _check_fields(self) -> None:
        """Recordings come from strangers too: a wrong type is named here instead of breaking a plot later."""
        for name, most in (("model", MAX_NAME), ("prompt", MAX_PROMPT), ("residual", MAX_NAME)):
            text(f"the recording's {name}", getattr(self, name), most)
        for block in self.blocks:
            whole("a probed block", block, 0, MAX_DEPTH)
        whole("seed", self.seed, 0, MAX_SEED)
        whole("depth", self.depth, 1, MAX_DEPTH)
        whole("subsample", self.subsample, 1, MAX_BYTES)
        whole("max_lag", self.max_lag, 1, MAX_LAG)
        number("guidance", self.guidance, 0, MAX_GUIDANCE)
        number("subsample_error", self.subsample_error, 0, MAX_NORM)
        if not 2 <= self.steps <= MAX_STEPS or not all(map(math.isfinite, self.timesteps)):
            raise ValueError(f"a recording has 2 to {MAX_STEPS} finite timesteps, got {self.steps}")
        whole("steps asked for", self.asked, 2, self.steps)

    def _check(self, probe: ProbeRecording) -> None:
        for order in (1, 2):
            rows = probe.change[order]
            if len(rows) != self.steps:
                raise ValueError(f"recording of {self.steps} steps has distances for {len(rows)}")
            for step, row in enumerate(rows, start=1):
                if len(row) != min(step - 1, self.max_lag):
                    raise ValueError(f"step {step} of the recording has {len(row)} lags of {self.max_lag}")
                if not all(math.isfinite(x) and x >= 0 for cell in row for x in cell):
                    raise ValueError(f"step {step} of the recording holds a distance that is not a finite number")
                if not all(min(cell.before, cell.after) >= MIN_NORM for cell in row):
                    raise ValueError(f"step {step} of the recording holds a residual that is zero")
            for stride in STRIDES:
                cells = probe.frames[order][stride]
                if len(cells) != self.steps:
                    raise ValueError(f"recording of {self.steps} steps lacks motion at stride {stride}")
                if not all(math.isfinite(x) and x >= 0 for cell in cells if cell for x in cell):
                    raise ValueError("the recording holds a motion that is not a finite number")


def parse_recording(data: bytes | str) -> Recording:
    """Read a recording from its file's bytes or text; a ValueError says in one line what is wrong."""
    return Recording.from_json(parse_json(data, "the recording", MAX_BYTES))


def load_recording(path: Path) -> Recording:
    """Read a recording from disk; a ValueError names the file and what is wrong with it."""
    try:
        with path.open("rb") as file:
            return parse_recording(file.read(MAX_BYTES + 1))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _read_probe(value: object) -> ProbeRecording:
    if not isinstance(value, dict) or not isinstance(value.get("change"), dict):
        raise ValueError("a probe of the recording lacks its changes")
    change = {}
    for order in (1, 2):
        rows = _list(value["change"], str(order), MAX_STEPS)
        change[order] = tuple(tuple(map(_norms, _list({"lags": row}, "lags", MAX_LAG))) for row in rows)
    by_order = value.get("frames")
    if not isinstance(by_order, dict) or not all(isinstance(by_order.get(str(order)), dict) for order in (1, 2)):
        raise ValueError("a probe of the recording lacks its frames")
    frames: dict[int, dict[int, tuple[Norms | None, ...]]] = {1: {}, 2: {}}
    for order in (1, 2):
        for stride in STRIDES:
            cells = _list(by_order[str(order)], str(stride), MAX_STEPS)
            frames[order][stride] = tuple(None if cell is None else _norms(cell) for cell in cells)
    return ProbeRecording(change, frames)


def _norms(cell: object) -> Norms:
    if not isinstance(cell, list | tuple) or len(cell) != 4:
        raise ValueError("the recording holds norms that are not four numbers")
    difference, before, after, elements = cell
    for norm in (difference, before, after):
        number("a norm of the recording", norm, 0, MAX_NORM)
    whole("elements of a recorded residual", elements, 1, MAX_WHOLE)
    return Norms(float(difference), float(before), float(after), elements)


def _list(value: dict[str, Any], name: str, most: int) -> list[Any] | tuple[Any, ...]:
    """A list among the fields of a recording."""
    found = value.get(name)
    if not isinstance(found, list | tuple) or len(found) > most:
        raise ValueError(f"the recording needs a list of at most {most} as its {name}, got {shown(found)}")
    return found
