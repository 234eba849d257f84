"""Prompt files: many runs asked for at once, a prompt a line or JSON with seeds and settings of each.

Every fault of a file is named with its line or entry before anything is generated.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from app.caching.names import named_method
from app.caching.registry import kind_of
from app.common.files import numbered_lines
from app.common.validation import as_whole, parse_json, shown
from app.generation.image_files import ImageFiles
from app.generation.request import MAX_NAME, Request
from app.models.base import ModelCard
from app.models.condition_image import PLACES
from app.models.settings import EXTENSION, NAMES, Settings

MAX_BYTES = 2_000_000
MAX_RUNS = 10_000
MAX_TOLD = 5  # faults in one message
SIZE = ("resolution", "aspect_ratio", "length")
ASKED = tuple(name for name in NAMES if name not in EXTENSION)  # clips are extended one at a time
SETTINGS = ("seed", "steps", "guidance", "method", *SIZE, *ASKED)


@dataclass(frozen=True)
class FileRequest:
    """One run that a file asks for."""

    place: str  # "line 3" of a text, "entry 3" of JSON; both count from 1
    request: Request


def read_prompt_file(
    data: bytes, name: str, like: Request, card: ModelCard, files: ImageFiles
) -> list[FileRequest]:
    """The runs that a file asks for, each once; a ValueError names the file and the place of every fault.

    A name ending in .json holds a list of prompts and of objects with `prompt` and any of SETTINGS, in which
    `seed` may be a list; any other file holds a prompt a line. `like` gives what is left out, but no prompt. The
    images that entries name are read into `files`.
    """
    if name.endswith(".json"):
        entries = [(f"entry {n}", value) for n, value in enumerate(_json_list(data, name), start=1)]
    else:
        lines = numbered_lines(data, name, MAX_BYTES)
        entries = [(f"line {n}", line.strip()) for n, line in lines if line.strip()]
    if not entries:
        raise ValueError(f"{name}: no prompts")
    found: dict[Request, FileRequest] = {}
    faults: list[str] = []
    for place, entry in entries:
        try:
            for request in _requests(entry, like, card, files):
                found.setdefault(request, FileRequest(place, request))
        except ValueError as error:
            faults.append(f"{place}: {error}")
    raise_faults(name, faults)
    if len(found) > MAX_RUNS:
        raise ValueError(f"{name}: at most {MAX_RUNS} runs, got {len(found)}")
    return list(found.values())


def check_prompts(wanted: list[FileRequest], name: str, understand: Callable[[str], object]) -> None:
    """Try every prompt on its model; a ValueError names the places whose prompt it cannot use."""
    first = {one.request.prompt: one for one in reversed(wanted)}
    faults = []
    for prompt, one in reversed(first.items()):
        try:
            understand(prompt)
        except ValueError as error:
            faults.append(f"{one.place}: {error}")
    raise_faults(name, faults)


def raise_faults(name: str, faults: list[str]) -> None:
    """A ValueError of all faults, the first few in full."""
    if faults:
        more = f"; and {len(faults) - MAX_TOLD} more" if len(faults) > MAX_TOLD else ""
        raise ValueError(f"{name}: {'; '.join(faults[:MAX_TOLD])}{more}")


def _json_list(data: bytes, name: str) -> list[Any]:
    value = parse_json(data, name, MAX_BYTES)
    if not isinstance(value, list):
        raise ValueError(f"{name}: a list of prompts is needed, got {shown(value)}")
    return value


def _requests(entry: object, like: Request, card: ModelCard, files: ImageFiles) -> Iterator[Request]:
    """An entry's requests, one a seed."""
    settings = {"prompt": entry} if isinstance(entry, str) else entry
    if not isinstance(settings, dict):
        raise ValueError(f"a prompt or an object is needed, got {shown(entry)}")
    if odd := sorted(settings.keys() - {"prompt", *SETTINGS}):
        raise ValueError(f"no setting {odd[0]!r}; there are: prompt, {', '.join(SETTINGS)}")
    if "prompt" not in settings:
        raise ValueError("the prompt is missing")
    given: dict[str, Any] = {field: settings[field] for field in ("prompt", "guidance") if field in settings}
    if "steps" in settings:
        given["steps"] = as_whole(settings["steps"])
    if "method" in settings:
        given["method"] = named_method(_name(settings["method"], "method"), card.id, card.motion)
    size = {field: _name(settings[field], field) for field in SIZE if field in settings}
    if size:
        given["size"] = card.requested_size(**size)
    if any(field in settings for field in ASKED):
        kept = {field: settings.get(field, getattr(like, field)) for field in ASKED}
        kept |= {place: files.id_of(settings[place]) for place in PLACES if place in settings}
        given |= vars(card.requested_settings(Settings(**kept)))
    seeds = settings.get("seed", like.seed)
    for seed in seeds if isinstance(seeds, list) else [seeds]:
        request = replace(like, **{**given, "seed": as_whole(seed)})
        if request.steps > card.max_steps:
            raise ValueError(f"{card.title} takes at most {card.max_steps} steps, got {request.steps}")
        if refusal := card.image_refusal(request.image) or card.refusal(kind_of(request.method)):
            raise ValueError(refusal)
        request.method.run_steps(request.steps)
        request.method.limit(request.steps)
        yield request


def _name(value: object, field: str) -> str:
    if not isinstance(value, str) or len(value) > MAX_NAME:
        raise ValueError(f"{field} must be a short text, got {shown(value)}")
    return value
