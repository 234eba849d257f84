"""Files that are whole or not there: everything is written beside its place and renamed into it."""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ENOSPC
from pathlib import Path
from typing import Any

from app.common.validation import parse_json

FULL_DISK = ("No space left on device", "StorageFull", "os error 28")  # as Rust's and C's libraries write it


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`, of the same ending, that becomes `path` if the block succeeds.

    A library's own error about a full disk leaves it as the OSError that everybody looks for.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        os.replace(temporary, path)
    except Exception as error:
        if not isinstance(error, OSError) and any(sign in str(error) for sign in FULL_DISK):
            raise OSError(ENOSPC, os.strerror(ENOSPC)) from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


def check_writable(path: Path) -> None:
    """Make the folder of a file that is yet to be worked out; an error where it could not be written then."""
    if path.is_dir():
        raise ValueError(f"{path} is a folder; give the name of a file")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=path.parent):
        pass


def read_json(path: Path, limit: int) -> Any:
    """Read strict JSON of at most `limit` bytes (`parse_json`); a ValueError says what is wrong."""
    with path.open("rb") as file:
        return parse_json(file.read(limit + 1), path.name, limit)


def read_lines(path: Path, limit: int) -> tuple[str, ...]:
    """Lines of a text file without empty ones and repetitions; a ValueError names the file and its encoding."""
    with path.open("rb") as file:
        lines = numbered_lines(file.read(limit + 1), str(path), limit)
    return tuple(dict.fromkeys(line.strip() for _, line in lines if line.strip()))


def numbered_lines(data: bytes, name: str, limit: int) -> list[tuple[int, str]]:
    """Lines of a text, counted from 1; a ValueError names the text, and the line that is not UTF-8."""
    if len(data) > limit:
        raise ValueError(f"{name} is larger than {limit} bytes")
    try:
        return list(enumerate(data.decode("utf-8-sig").splitlines(), start=1))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(f"{name}, line {line}: not UTF-8; save the file with that encoding") from None


def write_json(path: Path, value: object, *, compact: bool = False) -> None:
    """Write strict JSON (no NaN), atomically; `compact` for data that nobody reads line by line."""
    text = json.dumps(value, indent=None if compact else 2, allow_nan=False, ensure_ascii=False)
    with atomic_path(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def process_alive(pid: int) -> bool:
    """Whether a process may still be at work on its files; on Windows, where asking would end it, each may."""
    if os.name == "nt":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # there, and another user's
        return True
    return True
