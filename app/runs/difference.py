"""Runs side by side: the settings in which they differ, and the curve each was decided by."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from app.caching.registry import method_to_json
from app.generation.request import Request
from app.runs.run import Run

IMAGE_DIGITS = 8  # of an image's id, which tell it from others
MOTION = "motion regularisation"
NAMED = {  # settings as the Studio's controls call them
    "reuse": "in skipped steps",
    "residual": "measured",
    "locations": "probe location",
    "made for": "codebook made for",
}


def differing_settings(requests: Sequence[Request]) -> list[tuple[str, ...]]:
    """(setting, its value in each), for those that are not the same in all."""
    settings = [_settings(request) for request in requests]
    names = dict.fromkeys(name for one in settings for name in one)
    rows = [(name, *(one.get(name, "none") for one in settings)) for name in names if _tells(name, settings)]
    return [row for row in rows if len(set(row[1:])) > 1]


def distance_curve(run: Run) -> list[tuple[int, float]]:
    """(step, distance that was looked up) of the accelerated side; empty where the method looks none up."""
    measured = [(record.step, record.regularised) for record in run.trace.records["accelerated"]]
    return [(step, value) for step, value in measured if value is not None and math.isfinite(value)]


def _settings(request: Request) -> dict[str, str]:
    """Every setting of a request by its name, flat and in words."""
    asked = {
        name.replace("_", " "): value
        for name, value in request.to_json().items()
        if name not in ("method", "size")
    }
    if request.size:
        asked["size"] = str(request.size)
    asked |= {place.replace("_", " "): id[:IMAGE_DIGITS] for place, id in request.settings().images.items()}
    settings = method_to_json(request.method)
    method = settings.pop("name")
    if request.adacache:
        settings["codebook"] = request.adacache.codebook.to_json()  # whatever it was made for, its rows decide
        motion = settings.pop("motion")
        settings |= {MOTION: "off"} if motion is None else {MOTION: "on", "motion": motion}
    values = {**asked, "method": method, **_flat(settings)}
    return {NAMED.get(name, name): _in_words(value) for name, value in values.items()}


def _tells(name: str, settings: Sequence[Mapping[str, str]]) -> bool:
    """Whether a row says more than others do: how motion regularisation works only where all have it on."""
    return name == MOTION or not name.startswith("motion ") or all(name in one for one in settings)


def _flat(settings: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        nested = isinstance(value, Mapping) and name != "codebook"
        flat |= {f"{name} {inner}": x for inner, x in _flat(value).items()} if nested else {name: value}
    return {name.replace("_", " "): value for name, value in flat.items()}


def _in_words(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{threshold}: {rate}" for threshold, rate in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
