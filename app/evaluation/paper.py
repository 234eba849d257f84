"""The paper's numbers, as its Tables 1 and 3 print them (assets/paper), by the names that methods have here."""

from dataclasses import dataclass
from typing import Any

from app.common.files import read_json
from app.common.paths import PAPER

MAX_BYTES = 100_000


@dataclass(frozen=True)
class Published:
    """A row of the paper; none where it has no number."""

    vbench: float | None = None  # per cent
    psnr: float | None = None  # dB
    ssim: float | None = None
    lpips: float | None = None
    tflops: float | None = None
    seconds: float | None = None  # on one A100
    speedup: float | None = None


@dataclass(frozen=True)
class PublishedRows:
    """Rows of one model or one part of a table; setting: what they were measured with."""

    setting: str
    rows: dict[str, Published]  # by method, the baseline "none"


def table_1() -> dict[str, PublishedRows]:
    """Table 1 by model."""
    models = _read("table1.json")["models"]
    return {model: PublishedRows(value["setting"], _rows(value["rows"])) for model, value in models.items()}


def table_3() -> dict[str, PublishedRows]:
    """Table 3 by part; rows of part b are named with their size: adacache-480p-4s."""
    parts = _read("table3.json")["parts"]
    return {part: PublishedRows(value["title"], _rows(value["rows"])) for part, value in parts.items()}


def _read(name: str) -> Any:
    return read_json(PAPER / name, MAX_BYTES)


def _rows(values: dict[str, dict[str, float | None]]) -> dict[str, Published]:
    return {name: Published(**row) for name, row in values.items()}
