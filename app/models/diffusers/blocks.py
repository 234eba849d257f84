"""A cache at the blocks of any diffusers video transformer, each block one branch of which only the ends are seen.

While attached, the first list of blocks holds a single module, which has all blocks as its children and sends the
token stream through the cache; afterwards the lists are the old ones.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn

from app.caching.branches import Branch
from app.caching.cache import BranchCache

# As diffusers names them; blocks of two lists follow each other and take and return the same.
LISTS = (("transformer_blocks",), ("blocks",), ("transformer_blocks", "single_transformer_blocks"))


@contextmanager
def attached(transformer: nn.Module, cache: BranchCache, frames: int, *, moves_text: bool) -> Iterator[None]:
    """Let `cache` decide over the blocks of `transformer`.

    frames: of the token grid, which the probe is seen by. moves_text: whether blocks take and return the text
    tokens as well; they are then a part of the stream, and of what is reused.
    """
    names = block_lists(transformer)
    lists = {name: transformer._modules[name] for name in names}
    blocks = nn.ModuleList(chain.from_iterable(lists.values()))  # type: ignore[arg-type]  # lists, as checked
    transformer._modules.update({name: nn.ModuleList() for name in names})
    transformer._modules[names[0]] = nn.ModuleList([Stack(blocks, cache, frames, moves_text)])
    try:
        yield
    finally:
        transformer._modules.update(lists)


def block_lists(transformer: nn.Module) -> tuple[str, ...]:
    """The attributes that hold the blocks, in the order of execution; a ValueError where they are not known."""
    names = [name for name, child in transformer.named_children() if isinstance(child, nn.ModuleList)]
    stacks = tuple(name for name in names if name.endswith("blocks"))
    if stacks not in LISTS:
        found = ", ".join(stacks) or "none"
        known = "; ".join(map(" and ".join, LISTS))
        raise ValueError(f"{type(transformer).__name__} has the block lists {found}; known are: {known}")
    return stacks


def depth(transformer: nn.Module) -> int:
    """Blocks of a transformer; of one with spatial and temporal blocks, pairs of them."""
    names = dict.fromkeys(chain.from_iterable(LISTS))
    return sum(len(getattr(transformer, name)) for name in names if hasattr(transformer, name))


@dataclass(frozen=True)
class Packing:
    """Text and video tokens as one tensor (batch, values), whatever the width of each."""

    text: torch.Size  # (batch, words, channels)
    video: torch.Size  # (batch, tokens, channels)

    def pack(self, text: Tensor, video: Tensor) -> Tensor:
        """Both streams, the text in front."""
        return torch.cat([text.flatten(1), video.flatten(1)], dim=1)

    def unpack(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The text and the video.

        Views would do for the arithmetic, but not bit for bit: kernels differ by memory layout.
        """
        values = self.text[1:].numel()
        text, video = x[:, :values].contiguous(), x[:, values:].contiguous()
        return text.view(self.text), video.view(self.video)


class Stack(nn.Module):
    """All blocks as one, computed or reused as a cache decides; called as a block is."""

    def __init__(self, blocks: nn.ModuleList, cache: BranchCache, frames: int, moves_text: bool):
        super().__init__()
        self.blocks = blocks  # children, so that what moves the transformer moves them
        self.cache = cache
        self.frames = frames
        self.moves_text = moves_text

    def forward(
        self, hidden_states: Tensor, encoder_hidden_states: Tensor, *args: Any, **kwargs: Any
    ) -> Tensor | tuple[Tensor, Tensor]:
        """hidden_states (batch, video tokens, channels) and the text, through every block."""
        packing = Packing(encoder_hidden_states.shape, hidden_states.shape)

        def run(block: nn.Module, x: Tensor) -> Tensor:
            if not self.moves_text:
                return _tensor(block(x, encoder_hidden_states, *args, **kwargs))
            text, video = packing.unpack(x)
            video, text = block(video, text, *args, **kwargs)
            return packing.pack(text, video)

        def seen(residual: Tensor) -> Tensor:
            video = packing.unpack(residual)[1] if self.moves_text else residual
            return video.unflatten(1, (self.frames, -1))

        def advance(index: int, x: Tensor) -> Tensor:
            block: Callable[[Tensor], Tensor] = partial(run, self.blocks[index])
            return self.cache.block(Branch(index, "joint", "block"), x, block, seen)

        x = packing.pack(encoder_hidden_states, hidden_states) if self.moves_text else hidden_states
        x = self.cache.stack(x, [partial(advance, index) for index in range(len(self.blocks))])
        if not self.moves_text:
            return x
        text, video = packing.unpack(x)
        return video, text


def _tensor(output: object) -> Tensor:
    if not isinstance(output, Tensor):
        raise ValueError(f"a block returned {type(output).__name__}; its family says it returns the video alone")
    return output
