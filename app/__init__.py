"""AdaCache Studio: adaptive caching of video diffusion transformers, without any user interface.

The public names below are imported when they are first used, so that `import app` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.caching.codebook import Codebook as Codebook
    from app.caching.codebook import load_codebook as load_codebook
    from app.caching.methods.adacache import AdaCacheConfig as AdaCacheConfig
    from app.caching.motion import MotionRegularisation as MotionRegularisation
    from app.generation.pair import generate_pair as generate_pair
    from app.generation.request import Request as Request
    from app.lab.calibrate import calibrate as calibrate
    from app.lab.record import record as record
    from app.lab.simulate import simulate as simulate
    from app.models.diffusers.accelerate import adacache as adacache
    from app.models.registry import load_model as load_model

PUBLIC = {
    "adacache": "app.models.diffusers.accelerate",
    "AdaCacheConfig": "app.caching.methods.adacache",
    "MotionRegularisation": "app.caching.motion",
    "Codebook": "app.caching.codebook",
    "load_codebook": "app.caching.codebook",
    "load_model": "app.models.registry",
    "Request": "app.generation.request",
    "generate_pair": "app.generation.pair",
    "record": "app.lab.record",
    "simulate": "app.lab.simulate",
    "calibrate": "app.lab.calibrate",
}
__all__ = list(PUBLIC)  # names, all of them strings


def __getattr__(name: str) -> Any:
    if name not in PUBLIC:
        raise AttributeError(f"module 'app' has no attribute {name!r}; it has {', '.join(PUBLIC)}")
    return getattr(import_module(PUBLIC[name]), name)
