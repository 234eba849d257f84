"""Fields: a method's settings as a form that a person fills in, with their types taken from its dataclass.

What a field holds is checked by the dataclass alone; a form only says how it is entered.
"""

from collections.abc import Sequence
from dataclasses import dataclass, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

Entry = Literal["number", "choice", "list", "range", "group", "rows"]


@dataclass(frozen=True)
class Field:
    """One setting. name: of the dataclass's field, those of a nested one after a dot; text: what it does."""

    name: str
    label: str
    text: str


def form_of(config: type, fields: Sequence[Field], prefix: str = "") -> list[dict[str, Any]]:
    """The fields of a dataclass in their order, each with how it is entered, as the page reads them.

    number, `whole` where it has no fraction; choice of `options`; list of numbers; range: first and last; group:
    a nested dataclass with `parts`; rows: any number of such. `optional`: it can be left empty.
    """
    hints = get_type_hints(config)
    return [
        {"name": name, "label": field.label, "text": field.text, **_entry(hints[name], fields, f"{prefix}{name}.")}
        for field in fields
        if "." not in (name := field.name.removeprefix(prefix)) and field.name.startswith(prefix)
    ]


def _entry(kind: Any, fields: Sequence[Field], prefix: str) -> dict[str, Any]:
    if get_origin(kind) in (Union, UnionType):
        (own,) = (member for member in get_args(kind) if member is not NoneType)
        return {**_entry(own, fields, prefix), "optional": True}
    if get_origin(kind) is Literal:
        return {"entry": "choice", "options": list(get_args(kind))}
    if get_origin(kind) is tuple:
        member, *more = get_args(kind)
        if is_dataclass(member):
            return {"entry": "rows", "parts": form_of(member, fields, prefix)}  # type: ignore[arg-type]  # a class
        return {"entry": "list" if more == [...] else "range", "whole": member is int}
    if is_dataclass(kind):
        return {"entry": "group", "parts": form_of(kind, fields, prefix)}  # type: ignore[arg-type]  # a class
    return {"entry": "number", "whole": kind is int}
