"""LPIPS: learned perceptual image patch similarity, the distance of two pictures in the features of AlexNet.

Zhang et al. 2018 (arXiv 1801.03924), version 0.1 with AlexNet; weights from `python -m app.training.lpips`.
"""

from functools import cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

from app.metrics.registry import Metric, register
from app.models.base import Frames
from app.models.runtime.device import compute_device

WEIGHTS = Path(__file__).parents[3] / "assets" / "metrics" / "lpips-alexnet.safetensors"
# What LPIPS is given are pixels on [-1, 1]; these bring them to the scale AlexNet was trained on.
SHIFT, SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
CHANNELS = (64, 192, 384, 256, 256)  # of AlexNet's convolutions
SMALLEST_SIDE = 32  # smaller frames leave nothing for the last layers
BATCH_PIXELS = 2**20  # frames that go through the network together
TINY = 1e-10  # as upstream adds to the length of a feature vector


class LPIPS(nn.Module):
    """AlexNet's five convolutions, and a weight a channel of each."""

    def __init__(self) -> None:
        super().__init__()
        one, two, three, four, five = CHANNELS
        self.features = nn.ModuleList(
            [
                nn.Conv2d(3, one, 11, stride=4, padding=2),
                nn.Conv2d(one, two, 5, padding=2),
                nn.Conv2d(two, three, 3, padding=1),
                nn.Conv2d(three, four, 3, padding=1),
                nn.Conv2d(four, five, 3, padding=1),
            ]
        )
        self.heads = nn.ParameterList([nn.Parameter(torch.zeros(count)) for count in CHANNELS])

    def forward(self, reference: Tensor, video: Tensor) -> Tensor:
        """Distance of each frame, (frames,), of two (frames, 3, height, width) on [-1, 1]."""
        total = torch.zeros(len(video), device=video.device)
        for one, other, head in zip(self.layers(reference), self.layers(video), self.heads, strict=True):
            weighted = (_unit(one) - _unit(other)) ** 2 * head[:, None, None]
            total = total + weighted.sum(dim=1).mean(dim=(1, 2))
        return total

    def layers(self, frames: Tensor) -> list[Tensor]:
        """Features after each convolution's ReLU."""
        shift, scale = (frames.new_tensor(values)[:, None, None] for values in (SHIFT, SCALE))
        hidden, found = (frames - shift) / scale, []
        for index, convolution in enumerate(self.features):
            if index in (1, 2):
                hidden = F.max_pool2d(hidden, 3, stride=2)
            hidden = F.relu(convolution(hidden))
            found.append(hidden)
        return found


def lpips(reference: Frames, video: Frames) -> float:
    """LPIPS of two videos (frames, height, width, 3), mean over frames; 0 for equal ones."""
    network = load_lpips()
    count = max(1, BATCH_PIXELS // (video.shape[1] * video.shape[2]))
    with torch.inference_mode():
        distances = [
            network(_pixels(reference[start : start + count]), _pixels(video[start : start + count]))
            for start in range(0, len(video), count)
        ]
    return float(torch.cat(distances).double().mean())


@cache
def load_lpips(path: Path = WEIGHTS) -> LPIPS:
    """The shipped network in float32, on the device that the models use."""
    network = LPIPS()
    network.load_state_dict({name: value.float() for name, value in load_file(path).items()})
    return network.eval().requires_grad_(False).to(compute_device()[0])


def _pixels(frames: Frames) -> Tensor:
    """(frames, height, width, 3) in 8 bits -> (frames, 3, height, width) on [-1, 1]."""
    values = torch.from_numpy(np.array(frames)).to(compute_device()[0])  # a copy: frames may be read-only
    return values.permute(0, 3, 1, 2).float() / 127.5 - 1


def _unit(features: Tensor) -> Tensor:
    """Every place's feature vector at length 1."""
    return features / (features.square().sum(dim=1, keepdim=True).sqrt() + TINY)


register(
    Metric(
        id="lpips",
        title="LPIPS",
        unit="",
        digits=4,
        better="lower",
        description="How different the videos look to a network trained on people's judgements; 0 for equal ones.",
        source="Zhang et al. 2018, arXiv 1801.03924, version 0.1 with AlexNet",
        function=lpips,
        order=3,
        smallest_side=SMALLEST_SIDE,
    )
)
