"""Videos laid out as VBench reads them: a folder a method, `prompt-index.mp4`, the index counting seeds from 0."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from shutil import copyfile

from app.caching.registry import method_to_json
from app.common.files import atomic_path, write_json
from app.generation.request import Request
from app.generation.trace import Side
from app.runs.run import Run

BASELINE = "baseline"
MAX_NAME = 255  # bytes of a file's name


@dataclass(frozen=True)
class Exported:
    """What was written: videos by folder, and the prompts that VBench's list has not."""

    videos: dict[str, int]
    custom: tuple[str, ...]


def export(runs: Iterable[Run], out: Path, known: frozenset[str]) -> Exported:
    """Copy both sides of every run; of runs of the same request the newest. `known`: VBench's own prompts.

    manifest.json says which request each video is of. A ValueError names a prompt that cannot be a file's name, or
    what two runs differ in beside prompt, seed and method: VBench would score one against the other.
    """
    videos: dict[str, dict[str, dict[int, tuple[Run, Side]]]] = defaultdict(lambda: defaultdict(dict))
    methods: dict[str, str] = {}  # settings by folder, as two settings of one method need two folders
    alike: Request | None = None
    for run in runs:
        prompt, seed = run.request.prompt, run.request.seed
        _check_name(prompt)
        alike = _check_alike(run.request, alike)
        videos[BASELINE][prompt].setdefault(seed, (run, "baseline"))
        videos[_folder(run.request, methods)][prompt].setdefault(seed, (run, "accelerated"))
    manifest = {}
    for folder, prompts in videos.items():
        (out / folder).mkdir(parents=True, exist_ok=True)
        for prompt, seeds in prompts.items():
            for index, seed in enumerate(sorted(seeds)):
                run, side = seeds[seed]
                name = f"{prompt}-{index}.mp4"
                with atomic_path(out / folder / name) as temporary:
                    copyfile(run.video(side), temporary)
                manifest[f"{folder}/{name}"] = {"run": run.id, "side": side, "request": run.request.to_json()}
    write_json(out / "manifest.json", manifest)
    every = {prompt for prompts in videos.values() for prompt in prompts}
    counts = {folder: sum(map(len, prompts.values())) for folder, prompts in videos.items()}
    return Exported(counts, tuple(sorted(every - known)))


def _folder(request: Request, methods: dict[str, str]) -> str:
    """A method's name, with a number behind it where another setting of the method has the name."""
    settings = method_to_json(request.method)
    wanted, name = repr(sorted(settings.items(), key=str)), str(settings["name"])
    number = 1
    while methods.setdefault(folder := name if number == 1 else f"{name}-{number}", wanted) != wanted:
        number += 1
    return folder


def _check_alike(request: Request, first: Request | None) -> Request:
    """What all runs of one export have in common."""
    if first is None:
        return request
    same = replace(request, prompt=first.prompt, seed=first.seed, method=first.method)
    if differing := [
        field.name for field in fields(first) if getattr(first, field.name) != getattr(same, field.name)
    ]:
        name = differing[0]
        one, other = getattr(first, name), getattr(request, name)
        raise ValueError(f"the runs differ in {name} ({one} and {other}); export those of one setting at a time")
    return first


def _check_name(prompt: str) -> None:
    if "/" in prompt or "\0" in prompt or "\n" in prompt or len(f".{prompt}-0-12345678.mp4".encode()) > MAX_NAME:
        raise ValueError(
            f"VBench reads prompts from names of files, which the prompt {prompt[:40]!r} cannot be: "
            "one line of at most about 230 bytes without a slash is needed"
        )
