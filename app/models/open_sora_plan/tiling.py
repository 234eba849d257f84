"""Decoding in overlapping tiles, as upstream does: less memory, at the price of a slightly different picture."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from app.common.validation import number, whole


@dataclass(frozen=True)
class Tiling:
    """Sides of a tile in latents, and the part of a side that neighbours share.

    The defaults are upstream's, 256 x 256 pixels by 65 frames.
    """

    side: int = 32
    frames: int = 17
    overlap: float = 0.25

    def __post_init__(self) -> None:
        whole("tile side", self.side, 4, 1024)
        whole("tile frames", self.frames, 2, 1024)
        number("tile overlap", self.overlap, 0, 0.5)

    @property
    def stride(self) -> int:
        """Latents from the start of a tile to that of its neighbour."""
        return int(self.side * (1 - self.overlap))


def decode_tiled(decode: Callable[[Tensor], Tensor], latent: Tensor, tiling: Tiling, space: int) -> Tensor:
    """The video (batch, 3, frames, h * space, w * space) of a latent, tile after tile.

    Pieces of time share a latent frame, whose picture is taken from the earlier one: a piece's first frame is
    decoded as an image. Tiles of space are blended where they overlap.
    """
    pieces = []
    for start in range(0, max(latent.shape[2] - 1, 1), tiling.frames - 1):
        piece = _decode_space(decode, latent[:, :, start : start + tiling.frames], tiling, space)
        pieces.append(piece[:, :, min(start, 1) :])
    return torch.cat(pieces, dim=2)


def _decode_space(decode: Callable[[Tensor], Tensor], latent: Tensor, tiling: Tiling, space: int) -> Tensor:
    shared = int(tiling.side * space * tiling.overlap)  # pixels
    kept = tiling.side * space - shared
    above: list[Tensor] = []
    rows = []
    for top in range(0, latent.shape[3], tiling.stride):
        tiles: list[Tensor] = []
        for left in range(0, latent.shape[4], tiling.stride):
            tile = decode(latent[..., top : top + tiling.side, left : left + tiling.side])
            if top:
                blend(above[len(tiles)], tile, shared, dim=3)
            if left:
                blend(tiles[-1], tile, shared, dim=4)
            tiles.append(tile)
        rows.append(torch.cat([tile[..., :kept, :kept] for tile in tiles], dim=4))
        above = tiles
    return torch.cat(rows, dim=3)


def blend(before: Tensor, tile: Tensor, shared: int, dim: int) -> None:
    """Fade from the end of the tile before into the start of `tile`, in place."""
    shared = min(shared, before.shape[dim], tile.shape[dim])
    shape = [1] * tile.dim()
    shape[dim] = shared
    weight = (torch.arange(shared) / shared).view(shape).to(tile)
    start = tile.narrow(dim, 0, shared)
    start.copy_(torch.lerp(before.narrow(dim, before.shape[dim] - shared, shared), start, weight))
