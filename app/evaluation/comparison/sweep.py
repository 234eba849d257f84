"""Sweeps: one name that stands for a curve of methods, such as teacache-0.05..0.3 or adacache-sprites-*.

`*` stands for every named method of a model that fits, codebooks for other step counts left out; LOW..HIGH for
numbers in between, by equal ratios, and for every whole number where the method takes whole numbers. Options stand
behind, as ever: even-8..12+forecast.
"""

import re
from fnmatch import fnmatchcase

from app.caching.codebook import presets
from app.caching.registry import kind_of, kinds, method_from_json, published
from app.models.base import ModelCard

RANGE = re.compile(r"([\d.]*\d)(x?)\.\.(\d[\d.]*)(x?)")
NUMBERS = 6  # of a range of fractions, both ends among them
MOST = 60  # methods that one name may stand for


def expand(name: str, card: ModelCard, steps: int) -> list[str]:
    """The names that a name stands for, itself where it is none of a sweep; a ValueError says what does not fit.

    >>> expand("even-8..10+forecast", card, 30)
    ['even-8+forecast', 'even-9+forecast', 'even-10+forecast']
    """
    stem, plus, options = name.partition("+")
    if "*" in stem:
        known = _known(card, steps)
        found = [one for one in known if fnmatchcase(one, stem)]
        if not found:
            raise ValueError(f"no method of {card.id} fits {name[:40]!r}; there are: {', '.join(known)}")
    elif ".." in stem:
        found = _range(stem)
    else:
        found = [stem]
    if len(found) > MOST:
        raise ValueError(f"{name[:40]!r} stands for {len(found)} methods, accepted is at most {MOST}")
    return [f"{one}{plus}{options}" for one in found]


def _known(card: ModelCard, steps: int) -> list[str]:
    """Every method of a model that has a name without a number of one's own, in runs of `steps`."""
    able = [kind for kind in kinds().values() if not card.refusal(kind)]
    adacache = [f"adacache-{preset}" for preset, made in presets().items() if made.codebook.steps == steps]
    points = [f"{kind.name}-{point}" for kind in able for point in kind.points]
    return list(dict.fromkeys([*adacache, *published(card.id), *points]))


def _range(stem: str) -> list[str]:
    kind = next((k for k in kinds().values() if k.setting and stem.startswith(f"{k.name}-")), None)
    if kind is None:
        able = ", ".join(kind.name for kind in kinds().values() if kind.setting)
        raise ValueError(f"{stem[:40]!r} is no method with a number; those are: {able}")
    ends = RANGE.fullmatch(stem.removeprefix(f"{kind.name}-"))
    if ends is None or ends[2] != ends[4]:
        raise ValueError(f"{stem[:40]!r} needs a number on either side, as in {kind.name}-0.1..0.3")
    try:
        first, last = float(ends[1]), float(ends[3])
    except ValueError:
        raise ValueError(f"{stem[:40]!r} needs numbers such as 0.1 on either side of the two dots") from None
    if not 0 < first < last < float("inf"):
        raise ValueError(f"{stem[:40]!r} needs two numbers above 0, the lower one first")
    if ends[1].isdecimal() and ends[3].isdecimal() and isinstance(_default(kind.name), int):
        return [f"{kind.name}-{value}" for value in range(int(first), min(int(last), int(first) + MOST) + 1)]
    ratio = (last / first) ** (1 / (NUMBERS - 1))
    return [f"{kind.name}-{first * ratio**i:.3g}{ends[2]}" for i in range(NUMBERS)]


def _default(name: str) -> object:
    """The setting of a method where none is given, which tells what kind of number it takes."""
    method = method_from_json({"name": name})
    return getattr(method, kind_of(method).setting)
