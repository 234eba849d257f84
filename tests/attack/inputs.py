"""Hostile inputs: values of every wrong kind, damaged JSON of requests and recordings, zips that are no runs."""

import copy
import io
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

Json = Any
HALF = "a \ud83d dog"  # half of a pair of surrogates
VALUES: tuple[Json, ...] = (
    None,
    True,
    1.5,
    0.5,
    -7,
    2**53,
    10**30,
    10**400,
    1e308,
    "",
    HALF,
    "x" * 3000,
    "nan",
    "../../etc/passwd",
    "<img src=x onerror=alert(1)>",
    "\0",
    [],
    [[[[1]]]],
    {},
    {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}},
    {"__proto__": 1, "constructor": None},
)


def altered(value: Json) -> Iterator[Json]:
    """A JSON value with one of its members, at any depth, replaced by something hostile."""
    hostile: tuple[Json, ...] = (10**400, 1.5, True, None, HALF, [], {"a": 1}, "x" * 3000)
    for number, path in enumerate(paths(value)):
        damaged = copy.deepcopy(value)
        inside = damaged
        for key in path[:-1]:
            inside = inside[key]
        inside[path[-1]] = hostile[number % len(hostile)]
        yield damaged


def paths(value: Json, most: int = 2) -> Iterator[tuple[Any, ...]]:
    """Where the members of a JSON value are; of lists only the first few."""
    members = (
        value.items() if isinstance(value, dict) else enumerate(value[:most]) if isinstance(value, list) else ()
    )
    for key, member in members:
        yield (key,)
        for rest in paths(member, most):
            yield (key, *rest)


def link(value: Json) -> str:
    """A request as the address of the page holds it."""
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def zips(run: Path) -> Iterator[bytes]:
    """The zip of a run, each time damaged in another way."""
    with ZipFile(run) as file:
        files = {name: file.read(name) for name in file.namelist()}
    for name in ("trace.json", "summary.json", "run.json"):
        for number, damaged in enumerate(altered(json.loads(files[name]))):
            if name != "trace.json" or number % 5 == 0:
                yield zipped({**files, name: json.dumps(damaged).encode()})
        yield zipped({**files, name: files[name][:40]})
        yield zipped({**files, name: b"[" * 100_000})
        yield zipped({**files, name: b'{"a": ' + b"9" * 10_000 + b"}"})
    for name in ("baseline.mp4", "accelerated.mp4"):
        yield zipped({**files, name: files[name][:1500]})
        yield zipped({**files, name: b"#EXTM3U\nfile:///etc/passwd\n"})
    yield zipped({**files, "../evil.txt": b"x"})
    yield zipped({**files, "baseline.safetensors": b"x"})
    yield b""
    yield b"not a zip"
    yield zipped(files)[:500]


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip of these files."""
    data = io.BytesIO()
    with ZipFile(data, "w", ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return data.getvalue()
