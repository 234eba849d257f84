"""Published weights: found in the Hub cache or a local folder, downloaded, checked, and loaded key for key.

Nothing here reaches the network but `fetch`, which honours HF_HUB_OFFLINE.
"""

import json
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from fnmatch import fnmatch
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

import torch
from huggingface_hub import constants, snapshot_download
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
from safetensors import SafetensorError, safe_open
from torch import nn
from tqdm import tqdm

Progress = Callable[[str, int, int], None]  # (repository, bytes done, bytes in all)
Module = TypeVar("Module", bound=nn.Module)

INDEX_ENDINGS = (".safetensors.index.json", ".bin.index.json")


_listener: ContextVar[Progress | None] = ContextVar("listener", default=None)


class WeightsError(ValueError):
    """Weights that are missing, damaged or of another model; the message names the first file or names."""


@dataclass(frozen=True)
class Repository:
    """A repository on the Hub and the files of it that are needed.

    Each entry of `files` is a pattern of paths, or alternatives separated by a bar of which one must be there. In
    a local folder a repository lies in a subfolder of its own name.
    """

    id: str
    files: tuple[str, ...]
    bytes: int  # to download, from the parameter count at the published precision

    @property
    def name(self) -> str:
        """The part of the id that is not its owner."""
        return self.id.rsplit("/", 1)[-1]

    @property
    def patterns(self) -> list[str]:
        """Every file pattern, alternatives apart."""
        return [pattern for entry in self.files for pattern in entry.split("|")]


def local_folder(variable: str) -> Path | None:
    """The folder that an environment variable names, if it is set."""
    name = os.environ.get(variable)
    return Path(name) if name else None


@contextmanager
def reporting(progress: Progress) -> Iterator[None]:
    """Downloads of this thread are told to `progress`, unless their caller wants to be told."""
    token = _listener.set(progress)
    try:
        yield
    finally:
        _listener.reset(token)


def find(repository: Repository, folder: Path | None) -> Path:
    """Where a repository lies, in `folder` or the Hub cache; a WeightsError names what is missing or damaged."""
    if folder is not None:
        place = folder / repository.name
        if not place.is_dir():
            raise WeightsError(f"{folder} has no folder {repository.name} (the contents of {repository.id})")
    else:
        try:
            place = Path(
                snapshot_download(repository.id, allow_patterns=repository.patterns, local_files_only=True)
            )
        except LocalEntryNotFoundError:
            raise WeightsError(f"{repository.id} is not in the Hub cache {constants.HF_HUB_CACHE}") from None
    _check(repository, place)
    return place


def fetch(repository: Repository, progress: Progress | None = None) -> Path:
    """Download what is missing of a repository into the Hub cache; a look-up where nothing is.

    A dropped connection resumes where it broke off and finished files are kept; a file that was under way when the
    process ended starts over (huggingface_hub 2).
    """
    try:
        return find(repository, None)
    except WeightsError as missing:
        if constants.HF_HUB_OFFLINE:
            raise WeightsError(f"cannot download {repository.id}: {missing}, and HF_HUB_OFFLINE is set") from None
    try:
        progress = progress or _listener.get()
        bar = None if progress is None else _reporting_bar(repository.id, progress)
        snapshot_download(repository.id, allow_patterns=repository.patterns, tqdm_class=bar)
    except (LocalEntryNotFoundError, HfHubHTTPError) as error:
        reason = str(error.__cause__ or error).strip().splitlines()[0]
        raise WeightsError(f"cannot download {repository.id}: {reason}") from None
    return find(repository, None)


def locate(repository: Repository, folder: Path | None, progress: Progress | None = None) -> Path:
    """Where a repository lies: in `folder`, or in the Hub cache, downloaded if need be."""
    return fetch(repository, progress) if folder is None else find(repository, folder)


def load_module(
    build: Callable[[], Module],
    file: Path,
    *,
    device: torch.device,
    dtype: torch.dtype,
    unused: str | None = None,
) -> Module:
    """Build a module without memory and give it the tensors of a safetensors file, key for key.

    Floating-point tensors become `dtype`. Names that start with `unused` are left out. Names or shapes that do not
    fit are a WeightsError with the first three.
    """
    with torch.device("meta"):
        module = build().eval()
    expected = {name: list(tensor.shape) for name, tensor in module.state_dict().items()}
    with safe_open(file, framework="pt", device=str(device)) as stored:
        names = [name for name in list(stored.keys()) if unused is None or not name.startswith(unused)]
        published = {name: list(stored.get_slice(name).get_shape()) for name in names}
        if published != expected:
            raise WeightsError(f"{file} does not fit {type(module).__name__}: {_differences(expected, published)}")
        tensors = {name: stored.get_tensor(name) for name in names}
    tensors = {name: value.to(dtype) if value.is_floating_point() else value for name, value in tensors.items()}
    module.load_state_dict(tensors, assign=True)
    return module.requires_grad_(False)


def read_config(folder: Path) -> dict[str, Any]:
    """The config.json of a repository."""
    config: dict[str, Any] = json.loads((folder / "config.json").read_text())
    return config


def check_file(path: Path) -> None:
    """A WeightsError names a file that is missing or truncated."""
    if not path.is_file():
        raise WeightsError(f"{path} is missing")
    try:
        if path.suffix == ".safetensors":
            with safe_open(path, framework="pt"):
                pass
        elif path.suffix == ".json":
            json.loads(path.read_text())
        elif path.suffix == ".bin" and not zipfile.is_zipfile(path):
            raise WeightsError(f"{path} is truncated or damaged; delete it and download it again")
    except (SafetensorError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise WeightsError(f"{path} is truncated or damaged ({error}); delete it and download it again") from None


def _check(repository: Repository, place: Path) -> None:
    found = sorted(path.relative_to(place).as_posix() for path in place.rglob("*"))
    for entry in repository.files:
        matching = [name for name in found for pattern in entry.split("|") if fnmatch(name, pattern)]
        if not matching:
            raise WeightsError(f"{place / entry.split('|')[0]} is missing")
        for name in matching:
            check_file(place / name)
            if name.endswith(INDEX_ENDINGS):
                for shard in sorted(set(json.loads((place / name).read_text())["weight_map"].values())):
                    check_file((place / name).parent / shard)


def _differences(expected: dict[str, list[int]], published: dict[str, list[int]]) -> str:
    differing = [name for name in expected | published if expected.get(name) != published.get(name)]

    def describe(name: str) -> str:
        if name not in published:
            return f"{name} is missing"
        if name not in expected:
            return f"{name} is unknown"
        return f"{name} has shape {published[name]}, not {expected[name]}"

    more = f", and {len(differing) - 3} more" if len(differing) > 3 else ""
    return "; ".join(map(describe, differing[:3])) + more


def _reporting_bar(repository: str, progress: Progress) -> type[tqdm]:
    class Bar(tqdm):
        """A progress bar that reports bytes instead of drawing."""

        def __init__(self, *args: object, **kwargs: object) -> None:
            super().__init__(*args, **{**kwargs, "file": StringIO(), "disable": False})

        def update(self, n: float | None = 1) -> bool | None:
            drawn = super().update(n)
            if self.unit == "B":
                progress(repository, int(self.n), int(self.total or 0))
            return drawn

    return Bar
