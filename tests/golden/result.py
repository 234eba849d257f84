"""What replaying one recorded run gave, and how the replays of a kind of recording are found."""

import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load, load_file
from torch import Tensor

LATENT_TOLERANCE = 1e-4
PACKED = ".safetensors.packed"


@dataclass(frozen=True)
class Result:
    """One replayed run: the largest absolute error, whether decisions are equal, and what else was checked.

    `schedule_equal` is none where the recording has no schedule; `problem` says what differs beyond both.
    """

    name: str
    max_error: float
    schedule_equal: bool | None = None
    problem: str = ""

    @property
    def passed(self) -> bool:
        """Within tolerance, with equal decisions. A NaN error does not pass."""
        return self.max_error <= LATENT_TOLERANCE and self.schedule_equal is not False and not self.problem

    def __str__(self) -> str:
        schedule = {None: "-", True: "equal", False: "DIFFERS"}[self.schedule_equal]
        line = (
            f"{'ok  ' if self.passed else 'MISS'} {self.name:34} error {self.max_error:9.2e}  schedule {schedule}"
        )
        return f"{line}  {self.problem}" if self.problem else line


@dataclass(frozen=True)
class Replay:
    """A kind of recording: the JSON files it covers and how to replay one of them."""

    pattern: str
    run: Callable[[Path], Iterator[Result]]


def read_json(path: Path) -> dict[str, Any]:
    """A recording's description."""
    return json.loads(path.read_text())


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors beside a JSON file, as they are or packed."""
    packed = path.with_suffix(PACKED)
    return load(unpack(packed.read_bytes())) if packed.exists() else load_file(path.with_suffix(".safetensors"))


def pack(content: bytes) -> bytes:
    """A file of float32 numbers a sixth smaller, without loss: first bytes together, second ones, and so on."""
    planes = np.frombuffer(content, np.uint8).reshape(-1, 4).T
    return zlib.compress(planes.tobytes(), level=9)


def unpack(packed: bytes) -> bytes:
    """What `pack` was given."""
    return np.frombuffer(zlib.decompress(packed), np.uint8).reshape(4, -1).T.tobytes()


def largest_error(actual: Tensor, recorded: Tensor) -> float:
    """Largest absolute difference; infinite where the shapes differ or a value is not a number."""
    if actual.shape != recorded.shape:
        return float("inf")
    error = (actual.double() - recorded.double()).abs().max()
    return float(torch.nan_to_num(error, nan=float("inf")))
