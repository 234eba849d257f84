"""A recording: everything of a baseline run that decides what any AdaCache codebook would have done on it.

For every step, the norms between the probe residual and its values at earlier steps, up to a maximum lag, and the
norms between its frames. From these a schedule is simulated in microseconds (simulate.py). Since schema 2 also the
products of its velocities, from which the picture of any schedule is predicted (prediction.py).
"""

import json
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from app.caching.distances import Norms
from app.caching.methods.adacache import PROBED, ProbeResidual
from app.common.files import write_json
from app.common.validation import number, whole
from app.lab.velocities import VelocityRecording
from app.models.size import Size

SCHEMA = 2
READABLE = (1, 2)  # of 1 there are no velocities
STRIDES = (1, 2, 4)
MAX_BYTES = 50_000_000
MAX_STEPS = 1000
MAX_LAG = 100
MAX_DEPTH = 1000
MAX_SEED = 2**63 - 1
MAX_GUIDANCE = 50.0
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
        expected = len(self.blocks) * len(PROBED[self.residual][0])
        if len(self.probes) != expected:
            raise ValueError(f"recording needs {expected} probes for blocks {self.blocks}, got {len(self.probes)}")
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
            found = value.get("schema") if isinstance(value, dict) else type(value).__name__
            raise ValueError(f"a recording of schema {' or '.join(map(str, READABLE))} is needed, got {found!r}")
        try:
            value = {"asked": len(value["timesteps"]), **value}  # older files are of samplers that make as many
            fields = {name: value[name] for name in cls.__dataclass_fields__ if name not in OPTIONAL}
            if "size" in value:
                fields["size"] = Size.from_json(value["size"])
            if "velocities" in value:
                fields["velocities"] = VelocityRecording.from_json(value["velocities"])
            fields["timesteps"] = tuple(float(t) for t in fields["timesteps"])
            fields["blocks"] = tuple(int(block) for block in fields["blocks"])
            fields["probes"] = tuple(_read_probe(probe) for probe in fields["probes"])
            return cls(**fields)
        except KeyError as error:
            raise ValueError(f"the recording lacks {error}") from None
        except (TypeError, AttributeError, IndexError, OverflowError) as error:
            raise ValueError(f"the recording is damaged: {error}") from None

    def save(self, path: Path) -> None:
        """Write the recording atomically."""
        write_json(path, self.to_json(), compact=True)

    def _check_fields(self) -> None:
        """Recordings come from strangers too: a wrong type is named here instead of breaking a plot later."""
        for name in ("model", "prompt", "residual"):
            if not isinstance(getattr(self, name), str):
                raise ValueError(f"the recording's {name} must be text")
        whole("seed", self.seed, 0, MAX_SEED)
        whole("depth", self.depth, 1, MAX_DEPTH)
        whole("subsample", self.subsample, 1, MAX_BYTES)
        whole("max_lag", self.max_lag, 1, MAX_LAG)
        number("guidance", self.guidance, 0, MAX_GUIDANCE)
        number("subsample_error", self.subsample_error, 0, math.inf)
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
                if not all(cell.before > 0 and cell.after > 0 for cell in row):
                    raise ValueError(f"step {step} of the recording holds a residual that is zero")
            for stride in STRIDES:
                cells = probe.frames[order][stride]
                if len(cells) != self.steps:
                    raise ValueError(f"recording of {self.steps} steps lacks motion at stride {stride}")
                if not all(math.isfinite(x) and x >= 0 for cell in cells if cell for x in cell):
                    raise ValueError("the recording holds a motion that is not a finite number")


def parse_recording(text: str) -> Recording:
    """Read a recording from the text of its file; a ValueError says in one line what is wrong."""
    try:
        return Recording.from_json(json.loads(text))
    except json.JSONDecodeError as error:
        raise ValueError(f"not a whole JSON file ({error.msg} at character {error.pos})") from None
    except RecursionError:
        raise ValueError("not a recording: nested too deeply") from None


def load_recording(path: Path) -> Recording:
    """Read a recording from disk; a ValueError names the file and what is wrong with it."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError(f"larger than {MAX_BYTES} bytes")
        return parse_recording(path.read_text())
    except UnicodeDecodeError:
        raise ValueError(f"{path}: not a JSON file") from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _read_probe(value: dict[str, Any]) -> ProbeRecording:
    change = {
        order: tuple(tuple(_norms(cell) for cell in row) for row in value["change"][str(order)])
        for order in (1, 2)
    }
    frames = {
        order: {
            stride: tuple(
                None if cell is None else _norms(cell) for cell in value["frames"][str(order)][str(stride)]
            )
            for stride in STRIDES
        }
        for order in (1, 2)
    }
    return ProbeRecording(change, frames)


def _norms(cell: list[float]) -> Norms:
    difference, before, after, elements = cell
    return Norms(float(difference), float(before), float(after), int(elements))
