"""How a model's three parts share the memory there is, decided and shown before anything is loaded."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from app.models.runtime.memory import free_bytes, gigabytes, host_bytes

Part = Literal["text", "transformer", "transformer_2", "vae"]  # in the order of use; most have one transformer
Residence = Literal["device", "host", "disk"]  # where a part waits while another one works

WORKSPACE = 1.2  # of the tensors counted: workspaces of operations, and fragmentation; not measured on a GPU yet
RESERVE = 2**30  # bytes of the device left alone
CACHED_STREAMS = 6  # copies of the token stream that both sides of a run keep with AdaCache, at most


class NotEnoughMemory(ValueError):
    """This machine cannot hold the run; the message says what it would need."""


@dataclass(frozen=True)
class Need:
    """Bytes of a part's weights, and of all tensors alive while it works."""

    weights: int
    working: int

    @property
    def total(self) -> int:
        """With room for workspaces."""
        return self.weights + int(self.working * WORKSPACE)


@dataclass(frozen=True)
class MemoryPlan:
    """Which device each part works on, and where it waits meanwhile."""

    device: torch.device
    text_device: torch.device
    residence: Residence
    peak: int  # bytes on `device`

    def device_of(self, part: Part) -> torch.device:
        """Where a part works."""
        return self.text_device if part == "text" else self.device

    def __str__(self) -> str:
        waiting = {"device": "all parts stay loaded", "host": "parts wait in main memory", "disk": "parts reload"}
        text = "; the text encoder runs on the CPU" if self.text_device != self.device else ""
        return f"at most {gigabytes(self.peak)} on {self.device}, {waiting[self.residence]}{text}"


def plan_memory(
    needs: Mapping[Part, Need], device: torch.device, *, free_device: int, free_host: int
) -> MemoryPlan:
    """The fastest plan that fits; NotEnoughMemory says what would. On a CPU, device and host are the same."""
    cpu = torch.device("cpu")
    room = free_device - RESERVE
    together = sum(need.weights for need in needs.values()) + max(n.total - n.weights for n in needs.values())
    if together <= room:
        return MemoryPlan(device, device, "device", together)
    offload = device != cpu and sum(need.weights for need in needs.values()) <= free_host
    residence: Residence = "host" if offload else "disk"
    alone = max(need.total for need in needs.values())
    if alone <= room:
        return MemoryPlan(device, device, residence, alone)
    without_text = max(need.total for part, need in needs.items() if part != "text")
    if device != cpu and without_text <= room and needs["text"].total <= free_host:
        return MemoryPlan(device, cpu, residence, without_text)
    each = ", ".join(f"{part} {gigabytes(need.total)}" for part, need in needs.items())
    if device == cpu:
        wanted, found = f"{gigabytes(alone + RESERVE)} of main memory", gigabytes(free_host)
    else:
        text = gigabytes(needs["text"].total)
        wanted = f"{gigabytes(without_text + RESERVE)} on {device} and {text} of main memory"
        found = f"{gigabytes(free_device)} and {gigabytes(free_host)}"
    raise NotEnoughMemory(f"needs {wanted} ({each}), {found} are free; choose fewer frames or a smaller size")


def plan_now(needs: Mapping[Part, Need], device: torch.device, loaded: Mapping[Part, nn.Module]) -> MemoryPlan:
    """The plan for what is free now, and for what parts that are loaded already would give back."""

    def held(place: str) -> int:
        parts = [part for part in loaded.values() if next(part.parameters()).device.type == place]
        return sum(weight_bytes(part) for part in parts)

    free_device, free_host = free_bytes(device) + held(device.type), host_bytes() + held("cpu")
    return plan_memory(needs, device, free_device=free_device, free_host=free_host)


def plan_pipeline(
    needs: Mapping[Part, Need], device: torch.device, *, free_device: int, free_host: int
) -> MemoryPlan:
    """The same for a pipeline of diffusers, whose parts wait in main memory or nowhere and work on one device."""
    plan = plan_memory(needs, device, free_device=free_device, free_host=free_host)
    if plan.residence == "disk" or plan.text_device != device:
        largest = max(need.total for need in needs.values()) + RESERVE
        weights = sum(need.weights for need in needs.values())
        raise NotEnoughMemory(
            f"needs {gigabytes(largest)} on {device} and {gigabytes(weights)} of main memory, "
            f"{gigabytes(free_device)} and {gigabytes(free_host)} are free"
        )
    return plan


def check_cache_fits(title: str, stream_bytes: int, streams: int, free: int) -> None:
    """NotEnoughMemory where the residuals a run keeps do not fit beside the loaded model."""
    if (needed := streams * stream_bytes) > free - RESERVE:
        raise NotEnoughMemory(
            f"this method keeps {streams} residuals of {title}, {gigabytes(needed)} in all, "
            f"and {gigabytes(free)} are free; AdaCache keeps 3"
        )


def weight_bytes(module: nn.Module) -> int:
    """Bytes of a module's parameters and buffers."""
    return sum(tensor.nbytes for tensor in module.state_dict().values())
