"""Methods by a short name, as command lines and tables write them: pab-slow, adacache-fast-moreg, fewer-steps-15.

A name is a published setting of the model, AdaCache with a codebook preset, or a method with one number.
"""

from app.caching.codebook import presets
from app.caching.methods.adacache import AdaCacheConfig, MotionRegularisation
from app.caching.registry import KINDS, Method, method_from_json, published

# The one setting that gives a method's operating point, for methods that have no published ones.
SETTINGS = {
    "fixed-interval": "interval",
    "fewer-steps": "steps",
    "accumulated": "threshold",
    "first-block": "threshold",
}
ADACACHE = "adacache-"
# Suffixes, in this order: motion regularisation, and the two options beyond the paper.
MOTION, FORECAST, ANY_STEPS = "-moreg", "-forecast", "-any-steps"


def named_method(name: str, model: str, motion: MotionRegularisation | None = None) -> Method:
    """The method of a name for a model; `motion` is what "-moreg" regularises by. A ValueError lists the names."""
    settings = published(model)
    if name in settings:
        return settings[name].method
    if adacache := _adacache(name, motion):
        return adacache
    for kind, setting in SETTINGS.items():
        if name.startswith(f"{kind}-"):
            return method_from_json({"name": kind, setting: _number(name.removeprefix(f"{kind}-"))})
    raise ValueError(f"no method {name[:40]!r} for {model}; there are: {', '.join(names(model))}")


def names(model: str) -> list[str]:
    """Every name for a model; brackets may be left out, NUMBER stands for a number of your own."""
    adacache = [f"{ADACACHE}{preset}[{MOTION}][{FORECAST}][{ANY_STEPS}]" for preset in presets()]
    settings_with_number = [f"{kind.name}-NUMBER" for kind in KINDS if kind.name in SETTINGS]
    return [*adacache, *published(model), *settings_with_number]


def _adacache(name: str, motion: MotionRegularisation | None) -> AdaCacheConfig | None:
    stem = name.removesuffix(ANY_STEPS)
    any_steps, name = stem != name, stem
    stem = name.removesuffix(FORECAST)
    forecast, name = stem != name, stem
    stem = name.removesuffix(MOTION)
    regularised, name = stem != name, stem
    preset = presets().get(name.removeprefix(ADACACHE))
    if preset is None or not name.startswith(ADACACHE):
        return None
    return AdaCacheConfig(
        preset.codebook,
        motion=(motion or MotionRegularisation()) if regularised else None,
        reuse="forecast" if forecast else "hold",
        made_for=preset.codebook.steps if any_steps else None,
    )


def _number(text: str) -> int | float:
    try:
        return int(text) if text.isdecimal() else float(text)
    except ValueError:
        raise ValueError(f"a number is expected at the end of the method's name, got {text[:40]!r}") from None
