"""Renders the objects' emoji once into assets/sprites/emoji.png: python -m app.training.emoji.

Needs Debian's fonts-noto-color-emoji; everything else reads the committed sheet, never the font.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from app.common.paths import SPRITES
from app.models.sprites.vocabulary import load_vocabulary
from app.models.sprites.world import SHEET_COLUMNS, TILE

FONT = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
BITMAP_SIZE = 109  # the one size at which this font stores its bitmaps


def render_sheet(font_path: Path) -> Image.Image:
    """One RGBA tile of TILE x TILE pixels for each object, in vocabulary order, row by row."""
    font = ImageFont.truetype(str(font_path), BITMAP_SIZE)
    objects = load_vocabulary().slot("object")
    rows = -(-len(objects) // SHEET_COLUMNS)
    sheet = Image.new("RGBA", (SHEET_COLUMNS * TILE, rows * TILE))
    for index, word in enumerate(objects):
        row, column = divmod(index, SHEET_COLUMNS)
        sheet.paste(_tile(word.emoji, font), (column * TILE, row * TILE))
    return sheet


def _tile(emoji: str, font: ImageFont.FreeTypeFont) -> Image.Image:
    canvas = Image.new("RGBA", (160, 160))
    ImageDraw.Draw(canvas).text((8, 8), emoji, font=font, embedded_color=True)
    box = canvas.getbbox()
    if box is None:
        raise ValueError(f"the font has no glyph for {emoji!r}; accepted: Noto Color Emoji's emoji")
    glyph = canvas.crop(box)
    side = max(glyph.size)
    square = Image.new("RGBA", (side, side))
    square.paste(glyph, ((side - glyph.width) // 2, (side - glyph.height) // 2))
    # A clear border of one pixel lets bilinear sampling fade out instead of cutting the edge.
    tile = Image.new("RGBA", (TILE, TILE))
    tile.paste(square.resize((TILE - 2, TILE - 2), Image.Resampling.LANCZOS), (1, 1))
    return tile


def main() -> None:
    """Writes the sheet beside the vocabulary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--font", type=Path, default=FONT)
    parser.add_argument("--out", type=Path, default=SPRITES / "emoji.png")
    arguments = parser.parse_args()
    partial = arguments.out.with_suffix(".tmp")
    render_sheet(arguments.font).save(partial, format="PNG", optimize=True)
    os.replace(partial, arguments.out)
    print(f"wrote {arguments.out} ({arguments.out.stat().st_size} bytes)")


if __name__ == "__main__":
    main()
