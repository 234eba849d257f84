"""The registry of methods: all kinds there are, published settings for a model, and methods from and to JSON.

One file of app/caching/methods is one method and registers itself; published settings are JSON, one file a model.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Any

from app.caching.method import Method, MethodKind
from app.caching.policy import CachePolicy
from app.caching.settings import read_settings, write_settings
from app.common.paths import METHODS
from app.common.validation import shown

_REGISTERED: dict[str, MethodKind] = {}


def register(kind: MethodKind) -> MethodKind:
    """Add a method; a ValueError where another one has its name."""
    if kind.name in _REGISTERED:
        raise ValueError(f"a method {kind.name!r} is registered already")
    _REGISTERED[kind.name] = kind
    return kind


def kinds() -> Mapping[str, MethodKind]:
    """Every registered method by name, in order."""
    _discover()
    return dict(sorted(_REGISTERED.items(), key=lambda item: (item[1].order, item[0])))


@dataclass(frozen=True)
class Published:
    """Settings of a method for one model, as its authors or the paper's comparison use them."""

    id: str
    title: str
    method: Method
    source: str


def kind_of(method: Method) -> MethodKind:
    """The registry's entry of a method."""
    return next(kind for kind in kinds().values() if type(method) is kind.config)


def build_policy(method: Method) -> CachePolicy:
    """A new policy, good for one run."""
    return kind_of(method).build(method)


def method_to_json(method: Method) -> dict[str, Any]:
    """A method's name and settings as JSON; the solver only where it is not the model's own."""
    settings = {"name": kind_of(method).name, **write_settings(method)}
    if method.solver == "own":
        del settings["solver"]
    return settings


def method_from_json(value: object) -> Method:
    """Read what `method_to_json` wrote; settings left out have their defaults, unknown ones are ValueErrors."""
    if not isinstance(value, Mapping):
        raise ValueError(f"a method is a JSON object with a name, got {shown(value)}")
    settings = dict(value)
    name = settings.pop("name", None)
    for kind in kinds().values():
        if name in (kind.name, *kind.aliases):
            try:
                return read_settings(kind.config, settings)
            except ValueError as error:
                raise ValueError(f"{kind.title}: {error}") from None
    raise ValueError(f"unknown method {shown(name)}; known: {', '.join(kinds())}")


@lru_cache(maxsize=64)  # model ids also come from strangers' runs
def published(model: str) -> Mapping[str, Published]:
    """Published settings for a model by id, in the order of the file; empty where there are none. Read once."""
    path = METHODS / f"{model}.json"
    if not path.is_file():
        return {}
    entries = json.loads(path.read_text())
    settings = {
        id: Published(id, entry["title"], method_from_json(entry["method"]), entry["source"])
        for id, entry in entries.items()
    }
    return MappingProxyType(settings)


@cache
def _discover() -> None:
    """Import every file of app/caching/methods; each registers its method."""
    package = import_module("app.caching.methods")
    for module in iter_modules(package.__path__):
        import_module(f"{package.__name__}.{module.name}")
