"""bfloat16_convolutions: convolutions in bfloat16 at the speed of float32, on a CPU without such arithmetic.

PyTorch's own take up to a hundred times as long there, and the small checkpoints' decoders are all convolutions.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

NAMES = ("conv2d", "conv3d")


@contextmanager
def bfloat16_convolutions(device: torch.device) -> Iterator[None]:
    """Within the block, sum in float32 and round once, as a GPU does; nothing changes on any other device.

    What a convolution refuses it refuses still: an input and weights of two types go to PyTorch's own.
    """
    if device.type != "cpu" or torch.ops.mkldnn._is_mkldnn_bf16_supported():
        yield
        return
    own = {name: getattr(F, name) for name in NAMES}
    for name, convolution in own.items():
        setattr(F, name, _through_float32(convolution))
    try:
        yield
    finally:
        for name, convolution in own.items():
            setattr(F, name, convolution)


def _through_float32(convolution: Callable[..., Tensor]) -> Callable[..., Tensor]:
    @wraps(convolution)
    def convolve(input: Tensor, weight: Tensor, bias: Tensor | None = None, *args: Any, **kwargs: Any) -> Tensor:
        given = [input, weight] if bias is None else [input, weight, bias]
        if any(tensor.dtype != torch.bfloat16 or tensor.is_meta for tensor in given):
            return convolution(input, weight, bias, *args, **kwargs)
        wide = None if bias is None else bias.float()
        return convolution(input.float(), weight.float(), wide, *args, **kwargs).to(torch.bfloat16)

    return convolve
