"""Layers of CausalVAE, by the names its config.json gives them; all map videos (batch, channels, frames, h, w).

Parameter names are upstream's (PKU-YuanGroup/Open-Sora-Plan v1.1.0, opensora/models/ae/videobase/modules). Layers
of two dimensions see one frame at a time; causal ones see no later frame, the first standing for those before it.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

GROUPS = 32


class Conv2d(nn.Conv2d):
    """A convolution of every frame apart."""

    def forward(self, x: Tensor) -> Tensor:
        return by_frame(super().forward, x)


class CausalConv3d(nn.Module):
    """A convolution over time and space that sees no later frame."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int | tuple[int, int, int],
        stride: int = 1,
        padding: int = 0,
    ):
        super().__init__()
        kernel = (kernel, kernel, kernel) if isinstance(kernel, int) else kernel
        self.conv = nn.Conv3d(
            in_channels, out_channels, kernel, stride=(1, stride, stride), padding=(0, padding, padding)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(after_still(x, self.conv.kernel_size[0]))


class ResnetBlock3D(nn.Module):
    """Two causal convolutions as a residual; norms pool over all frames."""

    def __init__(self, in_channels: int, out_channels: int):
        super().__init__()
        self.norm1 = group_norm(in_channels)
        self.conv1 = self.convolution(in_channels, out_channels, 3, 1)
        self.norm2 = group_norm(out_channels)
        self.conv2 = self.convolution(out_channels, out_channels, 3, 1)
        if in_channels != out_channels:
            self.nin_shortcut = self.convolution(in_channels, out_channels, 1, 0)

    def convolution(self, in_channels: int, out_channels: int, kernel: int, padding: int) -> nn.Module:
        """The kind of convolution this block is made of."""
        return CausalConv3d(in_channels, out_channels, kernel, padding=padding)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.conv1(F.silu(self.norm1(x)))
        hidden = self.conv2(F.silu(self.norm2(hidden)))
        return (self.nin_shortcut(x) if hasattr(self, "nin_shortcut") else x) + hidden


class ResnetBlock2D(ResnetBlock3D):
    """The same of every frame apart, norms included."""

    def convolution(self, in_channels: int, out_channels: int, kernel: int, padding: int) -> nn.Module:
        """The kind of convolution this block is made of."""
        return nn.Conv2d(in_channels, out_channels, kernel, padding=padding)

    def forward(self, x: Tensor) -> Tensor:
        return by_frame(super().forward, x)


class AttnBlock3DFix(nn.Module):
    """Single-head self-attention over the pixels of every frame, as a residual."""

    def __init__(self, channels: int):
        super().__init__()
        self.norm = group_norm(channels)
        self.q = CausalConv3d(channels, channels, 1)
        self.k = CausalConv3d(channels, channels, 1)
        self.v = CausalConv3d(channels, channels, 1)
        self.proj_out = CausalConv3d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.norm(x)
        q, k, v = (
            self.split(project(hidden)).flatten(2).transpose(1, 2)[:, None] for project in (self.q, self.k, self.v)
        )  # (batch * frames, 1, pixels, channels) each
        out = F.scaled_dot_product_attention(q, k, v)[:, 0].transpose(1, 2)  # (batch * frames, channels, pixels)
        return x + self.proj_out(self.join(out, x.shape))

    def split(self, x: Tensor) -> Tensor:
        """(batch, channels, frames, h, w) -> (batch * frames, channels, h, w)."""
        return x.transpose(1, 2).flatten(0, 1)

    def join(self, out: Tensor, shape: torch.Size) -> Tensor:
        """(batch * frames, channels, pixels) -> `shape`."""
        batch, channels, frames, height, width = shape
        return out.view(batch, frames, channels, height, width).transpose(1, 2)


class AttnBlock3D(AttnBlock3DFix):
    """The first version, with which upstream trained: it takes channels for frames, mixing both.

    Every `frames` consecutive planes of the (channel, frame) order count as one position's channels.
    """

    def split(self, x: Tensor) -> Tensor:
        """(batch, channels, frames, h, w) -> (batch * frames, channels, h, w), in memory's order."""
        batch, channels, frames, height, width = x.shape
        return x.reshape(batch * frames, channels, height, width)

    def join(self, out: Tensor, shape: torch.Size) -> Tensor:
        """(batch * frames, channels, pixels) -> `shape`, in memory's order."""
        return out.reshape(shape)


class SpatialDownsample2x(nn.Module):
    """Half the height and width."""

    def __init__(self, in_channels: int, out_channels: int):
        super().__init__()
        self.conv = CausalConv3d(in_channels, out_channels, (1, 3, 3), stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.pad(x, (0, 1, 0, 1)))  # right and bottom only, as the checkpoint was trained


class Downsample(nn.Module):
    """Half the height and width of every frame."""

    def __init__(self, in_channels: int, out_channels: int):
        super().__init__()
        self.conv = Conv2d(in_channels, out_channels, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.pad(x, (0, 1, 0, 1)))


class SpatialUpsample2x(nn.Module):
    """Twice the height and width."""

    def __init__(self, in_channels: int, out_channels: int):
        super().__init__()
        self.conv = CausalConv3d(in_channels, out_channels, (1, 3, 3), padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(by_frame(lambda frames: F.interpolate(frames, scale_factor=2.0, mode="nearest"), x))


class TimeDownsample2x(nn.Module):
    """Half as many frames after the first, each the mean of three."""

    def __init__(self, in_channels: int, out_channels: int):
        super().__init__()

    def forward(self, x: Tensor) -> Tensor:
        padded = after_still(x, 3)  # the mean in float32: the CPU has none of bfloat16
        return F.avg_pool3d(padded.float(), (3, 1, 1), stride=(2, 1, 1)).to(x.dtype)


class TimeDownsampleRes2x(TimeDownsample2x):
    """The mean, and a convolution, in a trained mixture."""

    def __init__(self, in_channels: int, out_channels: int):
        super().__init__(in_channels, out_channels)
        self.conv = nn.Conv3d(in_channels, out_channels, 3, stride=(2, 1, 1), padding=(0, 1, 1))
        self.mix_factor = nn.Parameter(torch.tensor([2.0]))

    def forward(self, x: Tensor) -> Tensor:
        return torch.lerp(self.conv(after_still(x, 3)), super().forward(x), self.mix_factor.sigmoid())


class TimeUpsample2x(nn.Module):
    """Twice as many frames after the first, interpolated between."""

    def __init__(self, in_channels: int, out_channels: int):
        super().__init__()

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[2] == 1:
            return x
        later = F.interpolate(x[:, :, 1:], scale_factor=(2, 1, 1), mode="trilinear")
        return torch.cat([x[:, :, :1], later], dim=2)


class TimeUpsampleRes2x(TimeUpsample2x):
    """The interpolation, and a convolution of it, in a trained mixture."""

    def __init__(self, in_channels: int, out_channels: int):
        super().__init__(in_channels, out_channels)
        self.conv = CausalConv3d(in_channels, out_channels, 3, padding=1)
        self.mix_factor = nn.Parameter(torch.tensor([2.0]))

    def forward(self, x: Tensor) -> Tensor:
        x = super().forward(x)
        return torch.lerp(self.conv(x), x, self.mix_factor.sigmoid())


CONVOLUTIONS = {"Conv2d": Conv2d, "CausalConv3d": CausalConv3d}
BLOCKS = {"ResnetBlock2D": ResnetBlock2D, "ResnetBlock3D": ResnetBlock3D}
ATTENTIONS = {"AttnBlock3D": AttnBlock3D, "AttnBlock3DFix": AttnBlock3DFix}
RESIZERS = {
    kind.__name__: kind
    for kind in (
        Downsample,
        SpatialDownsample2x,
        SpatialUpsample2x,
        TimeDownsample2x,
        TimeDownsampleRes2x,
        TimeUpsample2x,
        TimeUpsampleRes2x,
    )
}


def group_norm(channels: int) -> nn.GroupNorm:
    """The norm of all layers here."""
    return nn.GroupNorm(GROUPS, channels, eps=1e-6)


def after_still(x: Tensor, window: int) -> Tensor:
    """`x` with its first frame repeated before it, so that a window over time never starts before the video."""
    return x if window == 1 else torch.cat([x[:, :, :1].expand(-1, -1, window - 1, -1, -1), x], dim=2)


def by_frame(layer: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """An image layer on every frame of a video."""
    return layer(x.transpose(1, 2).flatten(0, 1)).unflatten(0, (len(x), -1)).transpose(1, 2)
