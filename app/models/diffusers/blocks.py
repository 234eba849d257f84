"""A cache at the blocks of any diffusers video transformer, each block one branch of which only the ends are seen.

While attached, the list of blocks holds a single module, which has all blocks as its children and sends the token
stream through the cache; afterwards the list is the old one.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from app.caching.branches import Branch
from app.caching.cache import BranchCache

LISTS = ("transformer_blocks", "blocks")  # as diffusers names them


@contextmanager
def attached(transformer: nn.Module, cache: BranchCache, frames: int, *, moves_text: bool) -> Iterator[None]:
    """Let `cache` decide over the blocks of `transformer`.

    frames: of the token grid, which the probe is seen by. moves_text: whether blocks take and return the text
    tokens as well; they are then a part of the stream, and of what is reused.
    """
    name = blocks_name(transformer)
    blocks = transformer._modules[name]
    assert isinstance(blocks, nn.ModuleList)
    transformer._modules[name] = nn.ModuleList([Stack(blocks, cache, frames, moves_text)])
    try:
        yield
    finally:
        transformer._modules[name] = blocks


def blocks_name(transformer: nn.Module) -> str:
    """The attribute that holds the blocks; a ValueError where there is not exactly one such list."""
    names = [name for name, child in transformer.named_children() if isinstance(child, nn.ModuleList)]
    stacks = [name for name in names if name.endswith("blocks")]
    if len(stacks) != 1 or stacks[0] not in LISTS:
        found = ", ".join(stacks) or "none"
        raise ValueError(f"{type(transformer).__name__} has the block lists {found}; one of {LISTS} is needed")
    return stacks[0]


def depth(transformer: nn.Module) -> int:
    """Blocks of a transformer; of one with spatial and temporal blocks, pairs of them."""
    lists = [getattr(transformer, name) for name in LISTS if hasattr(transformer, name)]
    return len(lists[0])


class Stack(nn.Module):
    """All blocks as one, computed or reused as a cache decides; called as a block is."""

    def __init__(self, blocks: nn.ModuleList, cache: BranchCache, frames: int, moves_text: bool):
        super().__init__()
        self.blocks = nn.ModuleList(blocks)  # children, so that what moves the transformer moves them
        self.cache = cache
        self.frames = frames
        self.moves_text = moves_text

    def forward(
        self, hidden_states: Tensor, encoder_hidden_states: Tensor, *args: Any, **kwargs: Any
    ) -> Tensor | tuple[Tensor, Tensor]:
        """hidden_states (batch, video tokens, channels) and the text, through every block."""
        words = encoder_hidden_states.shape[1] if self.moves_text else 0

        def run(block: nn.Module, x: Tensor) -> Tensor:
            if not self.moves_text:
                return _tensor(block(x, encoder_hidden_states, *args, **kwargs))
            # Views would do for the arithmetic, but not bit for bit: kernels differ by memory layout.
            text, video = x[:, :words].contiguous(), x[:, words:].contiguous()
            video, text = block(video, text, *args, **kwargs)
            return torch.cat([text, video], dim=1)

        def seen(residual: Tensor) -> Tensor:
            return residual[:, words:].unflatten(1, (self.frames, -1))

        def advance(index: int, x: Tensor) -> Tensor:
            block: Callable[[Tensor], Tensor] = partial(run, self.blocks[index])
            return self.cache.block(Branch(index, "joint", "block"), x, block, seen)

        x = torch.cat([encoder_hidden_states, hidden_states], dim=1) if self.moves_text else hidden_states
        x = self.cache.stack(x, [partial(advance, index) for index in range(len(self.blocks))])
        return (x[:, words:], x[:, :words]) if self.moves_text else x


def _tensor(output: object) -> Tensor:
    if not isinstance(output, Tensor):
        raise ValueError(f"a block returned {type(output).__name__}; its family says it returns the video alone")
    return output
