"""What people read a method as: its schedule by the published name or its number, then reuse and solver.

The page, share cards and lists call a method the same.
"""

from dataclasses import replace

from app.caching.codebook import presets
from app.caching.method import SOLVERS, Method, WholeStackMethod
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.registry import kind_of, published


def title_of(method: Method, model: str) -> str:
    """What a run's accelerated side is called."""
    more: list[str] = []
    if isinstance(method, WholeStackMethod) and method.reuse != "hold":
        more.append(method.reuse)
    if method.solver != "own":
        more.append(SOLVERS[method.solver])
    return " + ".join([_schedule_title(method, model), *more])


def detailed_title(method: Method, model: str) -> str:
    """The same, but AdaCache by its codebook and whether it regularises by motion."""
    if not isinstance(method, AdaCacheConfig):
        return title_of(method, model)
    preset = next((item.title for item in presets().values() if item.codebook == method.codebook), "Custom")
    return f"AdaCache {preset}{', motion' if method.motion else ''}"


def decide_alike(one: Method, other: Method) -> bool:
    """Whether two methods decide alike: they differ in reuse and solver at most."""
    return _schedule(one) == _schedule(other)


def _schedule_title(method: Method, model: str) -> str:
    for item in published(model).values():
        if decide_alike(item.method, method):
            return item.title
    kind = kind_of(method)
    short = kind.title.split(" (")[0]
    return f"{short}, {getattr(method, kind.setting):g}" if kind.setting else short


def _schedule(method: Method) -> Method:
    plain = replace(method, solver="own")
    return replace(plain, reuse="hold") if isinstance(plain, WholeStackMethod) else plain
