"""Renders a vocabulary's emoji once into its sheet: python -m app.training.emoji [--vocabulary DIR].

Needs Debian's fonts-noto-color-emoji; everything else reads the committed sheet, never the font.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from app.common.paths import SPRITES
from app.models.sprites.objects import SHEET_COLUMNS
from app.models.sprites.vocabulary import Vocabulary, load_vocabulary

FONT = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
BITMAP_SIZE = 109  # the one size at which this font stores its bitmaps


def render_sheet(font_path: Path, vocabulary: Vocabulary, side: int) -> Image.Image:
    """One RGBA tile of side x side pixels for each object, in vocabulary order, row by row."""
    font = ImageFont.truetype(str(font_path), BITMAP_SIZE)
    objects = vocabulary.slot("object")
    rows = -(-len(objects) // SHEET_COLUMNS)
    sheet = Image.new("RGBA", (SHEET_COLUMNS * side, rows * side))
    for index, word in enumerate(objects):
        row, column = divmod(index, SHEET_COLUMNS)
        sheet.paste(_tile(word.emoji, font, side), (column * side, row * side))
    return sheet


def _tile(emoji: str, font: ImageFont.FreeTypeFont, side: int) -> Image.Image:
    canvas = Image.new("RGBA", (160, 160))
    ImageDraw.Draw(canvas).text((8, 8), emoji, font=font, embedded_color=True)
    box = canvas.getbbox()
    if box is None:
        raise ValueError(f"the font has no glyph for {emoji!r}; accepted: Noto Color Emoji's emoji")
    glyph = canvas.crop(box)
    longest = max(glyph.size)
    square = Image.new("RGBA", (longest, longest))
    square.paste(glyph, ((longest - glyph.width) // 2, (longest - glyph.height) // 2))
    # A clear border of one pixel in 64 lets bilinear sampling fade out instead of cutting the edge.
    border = side // 64
    tile = Image.new("RGBA", (side, side))
    tile.paste(square.resize((side - 2 * border,) * 2, Image.Resampling.LANCZOS), (border, border))
    return tile


def main() -> None:
    """Writes the sheet beside the vocabulary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--font", type=Path, default=FONT)
    parser.add_argument("--vocabulary", type=Path, default=SPRITES, help="the model's folder")
    parser.add_argument("--tile", type=int, default=128, help="pixels along a side of an emoji, a multiple of 64")
    arguments = parser.parse_args()
    vocabulary = load_vocabulary(arguments.vocabulary.resolve())
    partial = vocabulary.sheet.with_suffix(".tmp")
    render_sheet(arguments.font, vocabulary, arguments.tile).save(partial, format="PNG", optimize=True)
    os.replace(partial, vocabulary.sheet)
    print(f"wrote {vocabulary.sheet} ({vocabulary.sheet.stat().st_size} bytes)")


if __name__ == "__main__":
    main()
