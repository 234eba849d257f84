"""Loops: one clip after the other, each a run of its own that goes on from the last, all checked before the first.

Each has its own noise, as upstream's have. A first frame is the first loop's, a last frame the last one's.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from app.common.validation import whole
from app.generation.request import Request
from app.models.registry import card

MAX_LOOPS = 100


@dataclass(frozen=True)
class Loop:
    """A run to make, and the folder of its results."""

    request: Request
    out: Path


def loops_of(request: Request, options: argparse.Namespace) -> Sequence[Loop]:
    """The runs of --loops: the last, whose videos hold all clips, goes to --out, the others to folders in it.

    A ValueError where the model or the size leaves nothing to go on with.
    """
    whole("--loops", options.loops, 1, MAX_LOOPS)
    model, last = card(request.model), options.loops - 1
    loops: list[Loop] = []
    for number in range(options.loops):
        asked = replace(request, seed=request.seed + number)
        if number < last:
            asked = replace(asked, last_image=None)
        if loops:
            extension = model.extension(loops[-1].out.resolve().name, options.overlap)
            asked = replace(asked, image=None, **extension)
            model.requested_settings(asked.settings(), request.size)
        loops.append(Loop(asked, options.out if number == last else options.out / f"loop-{number + 1}"))
    return loops
