"""Memory: how much a computation takes, found without running it, and how much this machine has free."""

import gc
import os
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

OUT_OF_MEMORY = (
    "out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUBLAS_STATUS_NOT_INITIALIZED",  # its handle is made when it is first used, and needs memory too
    "CUDNN_STATUS_ALLOC_FAILED",
    "ALLOCATION_FAILED",  # of cuDNN, by what it was for
    "can't allocate memory",  # PyTorch's allocator on the CPU
)
ATTENTION = torch.ops.aten.scaled_dot_product_attention.default


def peak_bytes(run: Callable[[], object]) -> int:
    """The most bytes of tensors alive at once while `run` computes on meta tensors.

    Counts what the program itself allocates: attention is taken to be fused, an operation's own workspace and the
    allocator's fragmentation are left to the caller's margin.
    """
    with torch.inference_mode(), _Ledger() as ledger:
        run()
    return ledger.peak


def free_bytes(device: torch.device) -> int:
    """Memory a new allocation can have: free on a GPU; available to this process on the host."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return host_bytes()


def host_bytes() -> int:
    """Main memory available without swapping."""
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        for line in meminfo.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def release_memory() -> None:
    """Give back what a run that ended early still held: circular references, and the GPU allocator's blocks."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def lacks_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out, in the words of whichever library met it first."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in OUT_OF_MEMORY)


def gigabytes(size: float) -> str:
    """Bytes in the unit people buy memory in."""
    return f"{size / 2**30:.1f} GB"


class _Ledger(TorchDispatchMode):
    """Adds a storage when an operation returns it first and takes it off when it is freed."""

    def __init__(self) -> None:
        super().__init__()
        self.live: dict[int, int] = {}
        self.bytes = 0
        self.peak = 0

    def __torch_dispatch__(
        self, operation: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if operation is ATTENTION:
            query, _, value = args[:3]
            result = query.new_empty(*query.shape[:-1], value.shape[-1])
        else:
            result = operation(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, Tensor):
                self.add(tensor.untyped_storage())
        return result

    def add(self, storage: torch.UntypedStorage) -> None:
        key = storage._cdata
        if key not in self.live:
            self.live[key] = storage.nbytes()
            self.bytes += storage.nbytes()
            self.peak = max(self.peak, self.bytes)
            weakref.finalize(storage, self.remove, key)

    def remove(self, key: int) -> None:
        self.bytes -= self.live.pop(key)
