"""The objects of Sprites: emoji of a vocabulary's sheet, drawn along paths without jagged edges."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path as FilePath

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image

from app.models.sprites.paths import Path
from app.models.sprites.view import SIZE
from app.models.sprites.vocabulary import Vocabulary

SHEET_COLUMNS = 9
_OVERSAMPLING = 2


def draw_object(
    vocabulary: Vocabulary, name: str, mirrored: bool, path: Path, side: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Premultiplied colour (frames, side, side, 3) and cover (frames, side, side) of one object on its path."""
    frames = len(path.x)
    tile = _tiles(vocabulary.sheet)[vocabulary.names("object").index(name)][None]
    # A tile with more than twice the samples that are taken of it would flicker on the move.
    while tile.shape[-1] > 2 * _OVERSAMPLING * side / SIZE * path.side.max():
        tile = F.avg_pool2d(tile, 2)
    scale = SIZE / path.side
    cosine, sine = np.cos(path.angle) * scale, np.sin(path.angle) * scale
    # grid_sample's unit is half the picture, from edge to edge; the object's centre maps to the tile's centre.
    shift_x, shift_y = path.x * 2 / SIZE - 1, path.y * 2 / SIZE - 1
    theta = np.zeros((frames, 2, 3), dtype=np.float32)
    theta[:, 0] = np.stack([cosine, sine, -(cosine * shift_x + sine * shift_y)], axis=1)
    theta[:, 1] = np.stack([-sine, cosine, sine * shift_x - cosine * shift_y], axis=1)
    if mirrored:
        theta[:, 0] *= -1
    fine = side * _OVERSAMPLING
    grid = F.affine_grid(torch.from_numpy(theta), [frames, 4, fine, fine], align_corners=False)
    drawn = F.grid_sample(tile.expand(frames, -1, -1, -1), grid, align_corners=False)
    pixels = F.avg_pool2d(drawn, _OVERSAMPLING).permute(0, 2, 3, 1).contiguous().numpy()
    return pixels[..., :3], pixels[..., 3]


@lru_cache(maxsize=2)
def _tiles(sheet: FilePath) -> torch.Tensor:
    """An emoji sheet as premultiplied tiles (objects, 4, tile, tile) in [0, 1], in vocabulary order."""
    pixels = np.asarray(Image.open(sheet).convert("RGBA"), dtype=np.float32) / 255
    tile = pixels.shape[1] // SHEET_COLUMNS
    rows = pixels.reshape(-1, tile, SHEET_COLUMNS, tile, 4).swapaxes(1, 2).reshape(-1, tile, tile, 4)
    tiles = np.concatenate([rows[..., :3] * rows[..., 3:], rows[..., 3:]], axis=-1)
    return torch.from_numpy(tiles).permute(0, 3, 1, 2).contiguous()
