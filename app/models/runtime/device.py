"""The device that runs the models."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import torch

_chosen: ContextVar[tuple[torch.device, torch.dtype] | None] = ContextVar("chosen", default=None)


def device_name(*, uses_gpu: bool = True) -> str:
    """Where a model runs, for example "CPU, 2 threads" or "NVIDIA A100-SXM4-80GB".

    uses_gpu: whether the model runs on a GPU where there is one; the embedded one never does.
    """
    if uses_gpu and torch.cuda.is_available():
        return str(torch.cuda.get_device_name())
    threads = torch.get_num_threads()
    return f"CPU, {threads} {'thread' if threads == 1 else 'threads'}"


def compute_device() -> tuple[torch.device, torch.dtype]:
    """The GPU with bfloat16, or the CPU with float32, which is only of use for small checkpoints."""
    if (chosen := _chosen.get()) is not None:
        return chosen
    if torch.cuda.is_available():
        return torch.device("cuda", torch.cuda.current_device()), torch.bfloat16
    return torch.device("cpu"), torch.float32


@contextmanager
def computing_on(device: torch.device, dtype: torch.dtype) -> Iterator[None]:
    """Models loaded and planned inside, in this thread, are for this device and precision."""
    token = _chosen.set((device, dtype))
    try:
        yield
    finally:
        _chosen.reset(token)
