"""Video sizes of Open-Sora 1.2: resolution and aspect ratio to pixels, and the lengths it takes.

The table in assets/open_sora/sizes.json is upstream's (v1.2.0, opensora/datasets/aspect.py). Sides need not be
multiples of 8: the transformer is told the size asked for, and the video is cut to whole latents, 480 x 854 to
480 x 848. Upstream names the ratios of 256, 512, 1024, 2048 and 2880 by numbers and finds nearly none of them by
the names of the others; here such a name means the closest.
"""

import json
from typing import Any

from app.common.paths import OPEN_SORA_SIZES
from app.models.size import Size, SizeTable

CHUNK = 17  # frames the VAE encodes at once; other lengths have no timestep schedule upstream
LATENT_CHUNK = 5  # what they are in the latent: one for a single frame, then one for every four
LONGEST = 816
SMALLEST_SIDE = 64


def check_size(size: Size) -> None:
    """A ValueError unless a size is one the model makes: 1 frame for an image, else a multiple of 17."""
    for name, side in (("height", size.height), ("width", size.width)):
        if side < SMALLEST_SIDE:
            raise ValueError(f"{name} must be at least {SMALLEST_SIDE} pixels, got {side}")
    if size.frames != 1 and (size.frames % CHUNK or size.frames > LONGEST):
        raise ValueError(f"frames must be 1 or a multiple of {CHUNK} up to {LONGEST}, got {size.frames}")


def _read() -> SizeTable:
    table: dict[str, Any] = json.loads(OPEN_SORA_SIZES.read_text())
    resolutions = {
        resolution: {ratio: (height, width) for ratio, (height, width) in ratios.items()}
        for resolution, ratios in table["resolutions"].items()
    }
    return SizeTable(resolutions, table["frames"], check_size)


SIZES = _read()
PAPER_SIZE = SIZES.size("480p", "9:16", "2s")
SMALLEST = SIZES.size("144p", "9:16", "2s")
