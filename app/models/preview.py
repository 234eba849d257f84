"""A quick look at a latent: one linear map from its channels to red, green and blue.

No such map is published for these VAEs, so it is fitted to the loaded weights, once, on patches of random colours.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from app.models.base import Frames

PATCHES = 12  # random colours on each side of the fitted picture
PATCH_PIXELS = 16  # two latents, so that most of them see one colour


@dataclass(frozen=True)
class LatentToRGB:
    """rgb = latent @ weight + bias, in [-1, 1]."""

    weight: Tensor  # (channels, 3)
    bias: Tensor  # (3,)

    def frames(self, latent: Tensor, durations: Sequence[int]) -> Frames:
        """(1, channels, latent frames, h, w) -> (frames, h, w, 3): every latent frame for as long as it stands."""
        rgb = latent[0].float().cpu().permute(1, 2, 3, 0) @ self.weight + self.bias
        picture = ((rgb + 1) * 127.5).round().clamp(0, 255).byte()
        return np.asarray(picture.repeat_interleave(torch.tensor(durations), dim=0))


def fit(encode: Callable[[Tensor], Tensor], frames: int) -> LatentToRGB:
    """Least squares over a still video of random patches.

    encode: (1, 3, frames, height, width) in [-1, 1], float32 on the CPU, to its latent.
    """
    colours = torch.rand(1, 3, PATCHES, PATCHES, generator=torch.Generator().manual_seed(0)) * 2 - 1
    picture = F.interpolate(colours, scale_factor=PATCH_PIXELS)
    still = picture[:, :, None].expand(-1, -1, frames, -1, -1)
    with torch.inference_mode():
        latent = encode(still)[0].float().cpu()  # (channels, latent frames, h, w)
    target = F.adaptive_avg_pool2d(picture, (latent.shape[2], latent.shape[3]))[0]  # (3, h, w)
    features = F.pad(latent.flatten(1).T, (0, 1), value=1.0)
    wanted = target[:, None].expand(-1, latent.shape[1], -1, -1).flatten(1).T
    solution = torch.linalg.lstsq(features, wanted).solution
    return LatentToRGB(weight=solution[:-1], bias=solution[-1])
