"""Validation of what comes from outside: numbers, texts and JSON of imports, kept files, links and programs.

A ValueError names the value and what is accepted, in one short line without Python's own words.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

MAX_WHOLE = 2**53 - 1  # beyond it JavaScript, and so the page, holds no whole number exactly
MAX_MESSAGE = 240  # so that a sentence around it has no more than 300
MAX_SHOWN = 60
RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}", re.ASCII)  # the name of a run's folder
SURROGATE = re.compile("[\ud800-\udfff]")
Pairs = Callable[[list[tuple[str, Any]]], Any]


def whole(name: str, value: object, low: int, high: int) -> None:
    """A whole number within low and high; a bool is none."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} must be a whole number from {low} to {high}, got {shown(value)}")


def number(name: str, value: object, low: float, high: float) -> None:
    """A finite number within low and high; a bool is none."""
    if not is_number(value) or (isinstance(value, float) and not math.isfinite(value)):
        raise ValueError(f"{name} must be a finite number, got {shown(value)}")
    if not low <= value <= high:  # type: ignore[operator]  # it is a number
        raise ValueError(f"{name} must be within {low:g} and {high:g}, got {shown(value)}")


def whole_range(name: str, value: object, low: int, high: int) -> None:
    """A pair (first, last) of whole numbers within low and high, first <= last."""
    if not isinstance(value, tuple) or len(value) != 2:
        raise ValueError(f"{name} must be a pair (first, last), got {shown(value)}")
    for end in value:
        whole(name, end, low, high)
    if value[0] > value[1]:
        raise ValueError(f"{name} must be (first, last) with first <= last, got {shown(value)}")


def text(name: str, value: object, most: int) -> None:
    """Text of at most so many characters, each of which can be written to a file."""
    if not isinstance(value, str):
        raise ValueError(f"{name} must be text, got {shown(value)}")
    if len(value) > most:
        raise ValueError(f"{name} has {len(value)} characters; at most {most} are accepted")
    if SURROGATE.search(value):
        raise ValueError(f"{name} holds half of a character (a lone surrogate), which is no valid Unicode")


def is_number(value: object) -> bool:
    """Whether a value is a number that a float and JavaScript can hold; NaN and infinity are, a bool is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, float) or abs(value) <= MAX_WHOLE


def as_whole(value: object) -> object:
    """5.0 as 5, as JSON and the page have one kind of number; anything else as it is, for `whole` to judge."""
    if isinstance(value, float) and value.is_integer() and abs(value) <= MAX_WHOLE:
        return int(value)
    return value


def shown(value: object) -> str:
    """A value as an error names it: short, on one line, in words that are not Python's."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) <= 10 * MAX_WHOLE else "a number of more than 17 digits"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str):
        return repr(value[:MAX_SHOWN]) + ("..." if len(value) > MAX_SHOWN else "")
    if isinstance(value, list | tuple):
        start, end = "[]" if isinstance(value, list) else "()"
        short = 0 < len(value) <= 4 and _flat(value)
        return f"{start}{', '.join(map(shown, value))}{end}" if short else "a list"
    return "a JSON object" if isinstance(value, Mapping) else "a value of another kind"


def parse_json(data: bytes | str, name: str, limit: int, pairs: Pairs | None = None) -> Any:
    """Strict JSON of at most `limit` bytes or characters, of numbers and texts that the program can hold.

    A byte order mark is skipped; NaN, infinity, whole numbers beyond 2^53 - 1 and lone surrogates are refused.
    `pairs` sees the members of each object before they become one.
    """
    if len(data) > limit:
        raise ValueError(f"{name} is larger than {limit} {'bytes' if isinstance(data, bytes) else 'characters'}")
    try:
        decoded = data.decode("utf-8-sig") if isinstance(data, bytes) else data.removeprefix("\ufeff")
        value = json.loads(
            decoded, parse_constant=_finite, parse_float=_finite, parse_int=_whole, object_pairs_hook=pairs
        )
    except UnicodeDecodeError:
        raise ValueError(f"{name} is not written in UTF-8; save it with that encoding") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"{name} is not a whole JSON file (line {error.lineno}, column {error.colno})") from None
    except RecursionError:
        raise ValueError(f"{name} is nested too deeply") from None
    except ValueError as error:  # of a number, or of `pairs`
        raise ValueError(f"{name}: {error}") from None
    if "\\u" in decoded or SURROGATE.search(decoded):
        check_texts(name, value)
    return value


def check_texts(name: str, value: object) -> None:
    """A ValueError if any text in a JSON value, keys among them, is no valid Unicode."""
    left = [value]
    while left:
        value = left.pop()
        if isinstance(value, str):
            text(name, value, MAX_WHOLE)
        elif isinstance(value, Mapping):
            left += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            left += value


def one_line(message: object) -> str:
    """A message as people may see it: one short line of valid text."""
    line = " ".join(SURROGATE.sub("\ufffd", str(message)).split())
    return line if len(line) <= MAX_MESSAGE else f"{line[: MAX_MESSAGE - 3]}..."


def _finite(written: str) -> float:
    value = float(written)
    if not math.isfinite(value):
        raise ValueError(f"{written[:MAX_SHOWN]} is not a number JSON can hold")
    return value


def _whole(written: str) -> int:
    value = int(written) if len(written) <= len(str(-MAX_WHOLE)) else MAX_WHOLE + 1
    if abs(value) > MAX_WHOLE:
        raise ValueError(
            f"{written[:20]}... is beyond the whole numbers that can be held exactly, up to {MAX_WHOLE}"
        )
    return value


def _flat(values: list[Any] | tuple[Any, ...]) -> bool:
    return not any(isinstance(value, list | tuple | Mapping) for value in values)
