"""The colours of families of methods, read from the one palette file that the page has too.

A schedule has a colour whatever it is reused with; a method that the palette does not name gets one of the spare
colours by its name, and never AdaCache's orange.
"""

import json
from functools import cache
from zlib import crc32

from app.caching.registry import kinds
from app.common.paths import PALETTE
from app.evaluation.comparison.plan import short_title

Colour = dict[str, str]  # "light" and "dark": hex colours on a light and on a dark page


def palette_of(family: str) -> Colour:
    """The colours of a family such as "AdaCache" or "Even steps+forecast"."""
    title = family.split("+")[0]
    name = next((kind.name for kind in kinds().values() if short_title(kind) == title), title)
    methods, spare = _palette()
    return methods[name] if name in methods else spare[crc32(name.encode()) % len(spare)]


def colour_of(family: str) -> str:
    """Its colour on paper."""
    return palette_of(family)["light"]


@cache
def _palette() -> tuple[dict[str, Colour], list[Colour]]:
    value = json.loads(PALETTE.read_text())
    return value["methods"], value["spare"]
