"""Settings of a method from and to JSON: dataclasses by name, tuples as lists, codebooks in published notation.

A ValueError names the field that is unknown, missing or of the wrong form.
"""

import math
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from app.caching.codebook import Codebook
from app.common.validation import as_whole, is_number, shown

T = TypeVar("T")
MAX_ITEMS = 1000


def write_settings(settings: Any) -> Any:
    """A dataclass as JSON values; `read_settings` gives an equal one back."""
    if isinstance(settings, Codebook):
        return settings.to_settings()
    if is_dataclass(settings):
        return {field.name: write_settings(getattr(settings, field.name)) for field in fields(settings)}
    if isinstance(settings, tuple):
        return [write_settings(value) for value in settings]
    return settings


def read_settings(kind: type[T], value: object) -> T:
    """A dataclass of `kind` from JSON; the dataclass itself checks its values."""
    if not isinstance(value, Mapping):
        raise ValueError(f"settings must be a JSON object, got {shown(value)}")
    hints = get_type_hints(kind)
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]  # T is a dataclass
    if unknown := sorted(map(str, value.keys() - known.keys())):
        raise ValueError(f"unknown setting {shown(unknown[0])}; there are: {', '.join(known)}")
    for name, field in known.items():
        if name not in value and field.default is MISSING and field.default_factory is MISSING:
            raise ValueError(f"setting {name!r} is missing")
    return kind(**{name: _read(hints[name], given, name) for name, given in value.items()})


def _read(kind: Any, value: object, name: str) -> Any:
    if get_origin(kind) in (Union, UnionType):
        return _read(_member(get_args(kind), value), value, name)
    if kind is Codebook:
        return Codebook.from_json(value)
    if is_dataclass(kind) and isinstance(kind, type):
        return read_settings(kind, value)
    if get_origin(kind) is tuple:
        if not isinstance(value, list) or len(value) > MAX_ITEMS:
            raise ValueError(f"setting {name!r} must be a list of at most {MAX_ITEMS}, got {shown(value)}")
        return tuple(_read(get_args(kind)[0], item, name) for item in value)
    return _read_plain(kind, value, name)


def _read_plain(kind: Any, value: object, name: str) -> object:
    """A number, a truth or one of several words; how large it may be, its dataclass knows."""
    if get_origin(kind) is Literal and (not isinstance(value, str) or value not in get_args(kind)):
        raise ValueError(f"setting {name!r} must be one of {', '.join(get_args(kind))}, got {shown(value)}")
    if kind is bool and not isinstance(value, bool):
        raise ValueError(f"setting {name!r} must be true or false, got {shown(value)}")
    if kind is int:
        value = as_whole(value)
        if not is_number(value) or not isinstance(value, int):
            raise ValueError(f"setting {name!r} must be a whole number, got {shown(value)}")
    if kind is float and not (is_number(value) and math.isfinite(value)):  # type: ignore[arg-type]  # it is a number
        raise ValueError(f"setting {name!r} must be a finite number, got {shown(value)}")
    if kind is NoneType and value is not None:
        raise ValueError(f"setting {name!r} must be empty, got {shown(value)}")
    return value


def _member(kinds: tuple[Any, ...], value: object) -> Any:
    """Which member of a union a JSON value is meant for; the last one where none fits better."""
    if value is None and NoneType in kinds:
        return NoneType
    for kind in kinds:
        if (get_origin(kind) is tuple) == isinstance(value, list) and kind is not NoneType:
            return kind
    return kinds[-1]
