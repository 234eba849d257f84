"""FLOPs of a piece of a model, on PyTorch's own counter and the meta device: no weights, no GPU, exact.

A multiply-add counts as two; elementwise operations, norms and softmax count nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import FlopCounterMode

from app.caching.branches import Branch
from app.caching.cache import Block, BranchCache, Uncached


@dataclass(frozen=True)
class Count:
    """FLOPs, and how many of them are the two matrix products inside attention."""

    total: int = 0
    attention: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.total + other.total, self.attention + other.attention)

    def __sub__(self, other: Count) -> Count:
        return Count(self.total - other.total, self.attention - other.attention)


@dataclass(frozen=True)
class StepCount:
    """One forward pass: each branch, and what is left of a step that reuses all of them."""

    rest: Count
    branches: dict[Branch, Count]

    def repeated(self, depth: int) -> StepCount:
        """The count of `depth` blocks like the first, for models whose blocks are all alike."""
        branches = {b._replace(block=i): n for i in range(depth) for b, n in self.branches.items() if b.block == 0}
        return StepCount(self.rest, branches)


class Counter(TorchFunctionMode):
    """Counts everything that runs inside `with counter:`."""

    def __init__(self) -> None:
        super().__init__()
        self._flops = FlopCounterMode(display=False)
        self._attention = 0

    @property
    def count(self) -> Count:
        """What was counted so far."""
        return Count(self._flops.get_total_flops(), self._attention)

    def __enter__(self) -> Counter:
        self._flops.__enter__()
        super().__enter__()
        return self

    def __exit__(self, *raised: Any) -> None:
        super().__exit__(*raised)
        self._flops.__exit__(*raised)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        # Told apart here, as the counter sees only matrix products, which many linear layers become as well.
        if func is not F.scaled_dot_product_attention:
            return func(*args, **(kwargs or {}))
        before = self._flops.get_total_flops()
        result = func(*args, **(kwargs or {}))
        self._attention += self._flops.get_total_flops() - before
        return result


class BranchCounter(Uncached):
    """A cache that counts what each branch computes."""

    def __init__(self, counter: Counter):
        self.counter = counter
        self.branches: dict[Branch, Count] = {}

    def branch(self, address: Branch, compute: Callable[[], Tensor]) -> Tensor:
        before = self.counter.count
        residual = compute()
        self.branches[address] = self.counter.count - before
        return residual

    def block(
        self,
        address: Branch,
        x: Tensor,
        advance: Block,
        seen: Callable[[Tensor], Tensor] = lambda residual: residual,
    ) -> Tensor:
        return self.branch(address, lambda: advance(x))


def count(run: Callable[[], object]) -> Count:
    """FLOPs of a call; tensors it creates are on the meta device."""
    with torch.device("meta"), torch.no_grad(), Counter() as counter:
        run()
    return counter.count


def count_step(forward: Callable[[BranchCache], object]) -> StepCount:
    """FLOPs of one forward pass through a model's branches."""
    with torch.device("meta"), torch.no_grad(), Counter() as counter:
        cache = BranchCounter(counter)
        forward(cache)
    return StepCount(counter.count - sum(cache.branches.values(), Count()), cache.branches)
