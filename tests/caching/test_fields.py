"""Fields of the methods: every setting has a label and an explanation, and is entered as its type asks for."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from app.caching.fields import form_of
from app.caching.registry import kinds, method_from_json

OWN_CONTROLS = ("adacache",)  # on the page: codebook, motion and the rest
SHARED = {"reuse", "solver"}  # controls of their own for all methods
ABLE = [kind for name, kind in kinds().items() if name not in OWN_CONTROLS]


def settings(config: type, prefix: str = "") -> Iterator[str]:
    """Every setting of a dataclass, those of nested ones after a dot."""
    for name, kind in get_type_hints(config).items():
        if name not in {field.name for field in fields(config)} - SHARED:
            continue
        yield prefix + name
        for member in get_args(kind) if get_origin(kind) in (tuple, UnionType) else (kind,):
            if is_dataclass(member):
                yield from settings(member, f"{prefix}{name}.")  # type: ignore[arg-type]  # a class


@pytest.mark.parametrize("kind", ABLE, ids=lambda kind: kind.name)
def test_every_setting_has_one_field(kind: Any) -> None:
    assert sorted(field.name for field in kind.fields) == sorted(settings(kind.config))
    assert all(field.label and field.text.endswith(".") for field in kind.fields)
    if kind.setting:
        assert kind.setting in {field.name for field in kind.fields}


def test_a_setting_is_entered_as_its_type_asks_for() -> None:
    def entries(name: str) -> dict[str, Any]:
        kind = kinds()[name]
        return {field["name"]: field for field in form_of(kind.config, kind.fields)}

    pab = entries("pab")
    assert list(pab) == ["spatial", "temporal", "cross", "window", "mlp", "precision"]
    assert (pab["spatial"]["entry"], pab["spatial"]["whole"]) == ("number", True)
    assert (pab["window"]["entry"], pab["window"]["whole"]) == ("range", False)
    assert (pab["mlp"]["entry"], pab["mlp"]["optional"]) == ("group", True)
    assert [(part["name"], part["entry"]) for part in pab["mlp"]["parts"]] == [
        ("timesteps", "list"),
        ("blocks", "list"),
        ("steps", "number"),
    ]
    assert (pab["precision"]["entry"], pab["precision"]["options"]) == ("choice", ["float32", "bfloat16"])
    intervals = entries("delta-dit")["intervals"]
    assert intervals["entry"] == "rows"
    assert [part["entry"] for part in intervals["parts"]] == ["range", "range"]
    magcache = entries("magcache")
    assert (magcache["speedup"]["entry"], magcache["speedup"]["optional"]) == ("number", True)
    assert (magcache["ratios"]["entry"], magcache["ratios"]["whole"]) == ("list", False)
    assert "optional" not in magcache["threshold"]


def test_settings_to_begin_with_are_those_of_the_method() -> None:
    for kind in ABLE:
        if kind.start is not None:
            begun = method_from_json({"name": kind.name, **kind.start(30)})
            assert begun != method_from_json({"name": kind.name})
    assert kinds()["steps"].start is not None
