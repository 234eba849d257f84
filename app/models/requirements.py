"""What a model needs of this machine, checked one by one without loading or downloading anything."""

import importlib.util
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from huggingface_hub import constants

from app.models.runtime.memory import free_bytes, gigabytes, host_bytes
from app.models.runtime.memory_plan import RESERVE, MemoryPlan, Need, NotEnoughMemory, Part, plan_memory
from app.models.runtime.weights import Repository, WeightsError, find

Planner = Callable[..., MemoryPlan]  # called as plan_memory is
State = Literal["present", "download", "missing"]


@dataclass(frozen=True)
class Check:
    """One need. `download` is missing but comes by itself when the model is first picked."""

    what: str
    state: State
    detail: str


@dataclass(frozen=True)
class Diagnosis:
    """A model's needs on this machine, checked one by one."""

    title: str
    checks: tuple[Check, ...]

    @property
    def can_run(self) -> bool:
        """Everything is there."""
        return all(check.state == "present" for check in self.checks)

    @property
    def exit_status(self) -> int:
        """0 where the model can run, 1 where something is missing or not downloaded yet."""
        return 0 if self.can_run else 1

    @property
    def refusal(self) -> str | None:
        """Why picking the model would fail, in one sentence; none where only downloads are outstanding."""
        missing = [f"{check.what}: {check.detail}" for check in self.checks if check.state == "missing"]
        if missing and any(check.state == "download" for check in self.checks):
            missing.append("weights: not downloaded")
        return f"{self.title} cannot run here: {'; '.join(missing)}" if missing else None

    def __str__(self) -> str:
        width = max((len(check.what) for check in self.checks), default=0)
        lines = [f"{check.state:8}  {check.what:{width}}  {check.detail}" for check in self.checks]
        verdict = "can run here" if self.can_run else "cannot run here yet"
        return "\n".join([*lines, f"{self.title} {verdict}"])


def refuse_unless_ready(title: str, checks: Iterable[Check]) -> None:
    """A ValueError says why a model cannot run here, before gigabytes are downloaded for nothing."""
    if refusal := Diagnosis(title, tuple(checks)).refusal:
        raise ValueError(refusal)


def check_packages(names: Iterable[str]) -> list[Check]:
    """Python packages that are no part of the basic installation."""
    checks = []
    for name in names:
        installed = is_installed(name)
        package = name.rsplit(".", 1)[-1]  # google.protobuf is protobuf
        detail = "installed" if installed else f"not installed (pip install {package})"
        checks.append(Check(f"package {name}", "present" if installed else "missing", detail))
    return checks


def is_installed(name: str) -> bool:
    """Whether a module could be imported."""
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # of the package it would be in
        return False


def check_gpu() -> Check:
    """A GPU that PyTorch can use."""
    if not torch.cuda.is_available():
        return Check("GPU", "missing", f"none that PyTorch {torch.__version__} can use")
    properties = torch.cuda.get_device_properties(torch.cuda.current_device())
    return Check("GPU", "present", f"{properties.name}, {gigabytes(properties.total_memory)}")


def check_weights(repositories: Iterable[Repository], folder: Path | None) -> list[Check]:
    """Published weights, in a local folder or the Hub cache, and room on the disk for those to download."""
    checks, to_download = [], 0
    for repository in repositories:
        try:
            place = find(repository, folder)
            checks.append(Check(f"weights {repository.id}", "present", str(place)))
        except WeightsError as error:
            if folder is not None:
                checks.append(Check(f"weights {repository.id}", "missing", str(error)))
            elif constants.HF_HUB_OFFLINE:
                checks.append(Check(f"weights {repository.id}", "missing", f"{error}, and HF_HUB_OFFLINE is set"))
            else:
                to_download += repository.bytes
                size = gigabytes(repository.bytes)
                checks.append(Check(f"weights {repository.id}", "download", f"about {size} on first use"))
    if to_download:
        checks.append(_check_disk(to_download))
    return checks


def check_gpu_memory(needs: Mapping[Part, Need], plan_for: Planner = plan_memory) -> Check:
    """Whether the published checkpoints fit this machine's GPU; without one, what they would need."""
    if not torch.cuda.is_available():
        spared: Part | None = "text" if plan_for is plan_memory else None  # it may run on the CPU there
        sizes = {part: gigabytes(need.total) for part, need in needs.items()}
        smallest = max(need.total for part, need in needs.items() if part != spared) + RESERVE
        each = ", ".join(f"{part} {size}" for part, size in sizes.items() if part != spared)
        beside = f"; text {sizes[spared]} may stay in main memory" if spared else ""
        return Check("GPU memory", "missing", f"at least {gigabytes(smallest)} are needed ({each}{beside})")
    device = torch.device("cuda", torch.cuda.current_device())
    try:
        plan = plan_for(needs, device, free_device=free_bytes(device), free_host=host_bytes())
    except NotEnoughMemory as error:
        return Check("GPU memory", "missing", str(error))
    return Check("GPU memory", "present", str(plan))


def check_host_memory(text_parameters: int) -> Check:
    """Main memory for the text encoder, which is read there before it moves to the GPU."""
    needed, free = text_parameters * torch.bfloat16.itemsize + RESERVE, host_bytes()
    detail = f"{gigabytes(free)} available, {gigabytes(needed)} needed to load the text encoder"
    return Check("main memory", "present" if free >= needed else "missing", detail)


def _check_disk(needed: int) -> Check:
    cache = Path(constants.HF_HUB_CACHE)
    existing = next(folder for folder in (cache, *cache.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    detail = f"{gigabytes(free)} free below {cache}, about {gigabytes(needed)} to download"
    return Check("disk", "present" if free >= needed else "missing", detail)
