"""Methods by a short name, as command lines and tables write them: pab-slow, adacache-fast-moreg+forecast.

A name is a published setting of the model, AdaCache with a codebook preset, a method as it is, or a method with a
number. Behind it, `+` adds what is reused in skipped steps, and another solver: fixed-interval-3+forecast+dpm-2m.
"""

from dataclasses import replace
from typing import get_args

from app.caching.codebook import presets
from app.caching.method import Method, ReuseOption, Solver, WholeStackMethod
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.motion import MotionRegularisation
from app.caching.registry import kind_of, kinds, method_from_json, method_to_json, published

ADACACHE = "adacache-"
# Suffixes, in this order: motion regularisation, and the two options beyond the paper.
MOTION, FORECAST, ANY_STEPS = "-moreg", "-forecast", "-any-steps"
OPTIONS = (*get_args(ReuseOption), *(solver for solver in get_args(Solver) if solver != "own"))


def named_method(name: str, model: str, motion: MotionRegularisation | None = None) -> Method:
    """The method of a name for a model; `motion` is what "-moreg" regularises by. A ValueError lists the names."""
    stem, *options = name.split("+")
    method = _schedule(stem, model, motion)
    for option in options:
        method = with_option(method, option)
    return method


def names(model: str) -> list[str]:
    """Every name for a model; brackets may be left out, NUMBER stands for a number of your own."""
    adacache = [f"{ADACACHE}{preset}[{MOTION}][{FORECAST}][{ANY_STEPS}]" for preset in presets()]
    numbered = [f"{kind.name}-NUMBER" for kind in kinds().values() if kind.setting]
    return [*adacache, *published(model), *numbered, "steps-1-4-7-...", f"each with [+{'][+'.join(OPTIONS)}]"]


def with_option(method: Method, option: str) -> Method:
    """The method with another reuse or solver; a ValueError says with which methods it goes."""
    if option in get_args(ReuseOption):
        if not isinstance(method, WholeStackMethod):
            able = ", ".join(kind.name for kind in kinds().values() if kind.takes_reuse)
            raise ValueError(f"{kind_of(method).title} brings its own reuse; {option} goes with {able}")
        return replace(method, reuse=option)  # type: ignore[arg-type]  # one of them
    if option in get_args(Solver):
        return replace(method, solver=option)  # type: ignore[arg-type]  # one of them
    raise ValueError(f"no option {option[:40]!r} of a method; there are: {', '.join(OPTIONS)}")


def _schedule(name: str, model: str, motion: MotionRegularisation | None) -> Method:
    settings = published(model)
    if name in settings:
        return settings[name].method
    if adacache := _adacache(name, motion):
        return adacache
    for kind in kinds().values():
        # Settings published for the model, such as TeaCache's polynomial, come with its number; an earlier name
        # meant the method without them.
        own = next((item.method for item in settings.values() if kind_of(item.method) is kind), None)
        if name == kind.name and kind.setting:
            return own or method_from_json({"name": kind.name})
        for alias in (kind.name, *kind.aliases):
            if name.startswith(f"{alias}-") and (kind.setting or kind.parse):
                given = kind.settings(name.removeprefix(f"{alias}-"))
                values = method_to_json(own) if own is not None and alias == kind.name else {"name": kind.name}
                return method_from_json({**values, **_as_json(given)})
    raise ValueError(f"no method {name[:40]!r} for {model}; there are: {', '.join(names(model))}")


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
        motion=(preset.codebook.motion or motion or MotionRegularisation()) if regularised else None,
        reuse="forecast" if forecast else "hold",
        made_for=preset.codebook.steps if any_steps else None,
    )


def _as_json(settings: dict[str, object]) -> dict[str, object]:
    """Settings as JSON has them: tuples are lists."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in settings.items()}
