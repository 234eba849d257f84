"""Addresses of residual branches: the unit over which every acceleration method decides.

A video DiT is a stack of residual branches, `x = x + branch(x)`; a method computes or reuses each per step.
"""

from typing import Literal, NamedTuple

Part = Literal["spatial", "temporal", "joint"]
Kind = Literal["attn", "cross", "mlp", "block"]
Layout = tuple[tuple[Part, Kind], ...]  # the branches of one block index, in order of execution

FACTORISED: Layout = (
    ("spatial", "attn"),
    ("spatial", "cross"),
    ("spatial", "mlp"),
    ("temporal", "attn"),
    ("temporal", "cross"),
    ("temporal", "mlp"),
)
TEXT_IN_SPACE: Layout = tuple(slot for slot in FACTORISED if slot != ("temporal", "cross"))  # Latte and its kin
WHOLE_BLOCKS: Layout = (("joint", "block"),)  # models of which only the input and output of each block are seen


class Branch(NamedTuple):
    """One residual branch: block index, spatial or temporal block, attention, cross-attention or MLP.

    A block seen only as a whole is one branch of the part "joint" and the kind "block".
    """

    block: int
    part: Part
    kind: Kind


def all_branches(depth: int, layout: Layout = FACTORISED) -> list[Branch]:
    """Every branch of a model with `depth` blocks of each part, in order of execution."""
    return [Branch(block, part, kind) for block in range(depth) for part, kind in layout]
