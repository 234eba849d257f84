"""Journal: measured rows as JSON, one a line, for measurements that take long and may be killed.

A row that is written is not measured again; a last row torn by a kill is cut off; other settings are refused.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

Row = dict[str, Any]


@dataclass
class Journal:
    """Rows of one file, in the order they were measured."""

    path: Path
    rows: list[Row]

    @classmethod
    def open(cls, path: Path, settings: Row) -> Self:
        """Begin a file, or go on with one of the same settings; a ValueError says what stands against it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        settings = json.loads(json.dumps(settings))
        if not _repair(path):
            _append(path, {"settings": settings})
            return cls(path, [])
        lines = [_read(path, number, line) for number, line in enumerate(path.read_text().splitlines(), start=1)]
        found = lines[0].get("settings")
        if not isinstance(found, dict):
            raise ValueError(f"{path}: not a journal of measured rows")
        if found != settings:
            other = sorted(
                name for name in found.keys() | settings.keys() if found.get(name) != settings.get(name)
            )
            raise ValueError(f"{path} was measured with other settings ({', '.join(other)}); use another folder")
        return cls(path, lines[1:])

    def append(self, row: Row) -> None:
        """Write a row, on disk when this returns."""
        _append(self.path, row)
        self.rows.append(row)


def _repair(path: Path) -> bool:
    """Cut off a row without an end; whether anything is there."""
    if not path.is_file():
        return False
    text = path.read_bytes()
    whole = text[: text.rfind(b"\n") + 1]
    if len(whole) < len(text):
        os.truncate(path, len(whole))
    return bool(whole)


def _read(path: Path, number: int, line: str) -> Row:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}: line {number} is damaged ({error.msg}); remove it") from None
    if not isinstance(row, dict):
        raise ValueError(f"{path}: line {number} is no row")
    return row


def _append(path: Path, row: Row) -> None:
    with path.open("a") as file:
        file.write(json.dumps(row, allow_nan=False, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())
