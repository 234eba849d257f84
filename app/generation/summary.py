"""The summary of a finished run: the measured numbers, as summary.json and the page show them."""

import math
from typing import Any

from app.caching.methods.adacache import AdaCacheConfig
from app.caching.registry import Method, method_to_json
from app.common.timestamps import read_timestamp
from app.common.validation import number, whole
from app.generation.events import Finished, Started
from app.generation.trace import Side, Trace
from app.metrics.registry import Quality

AGREEING = ("prompt", "computed_steps", "baseline_seconds", "accelerated_seconds", "speedup")
MEASURED = (
    "computed_fraction",
    "baseline_decode_seconds",
    "accelerated_decode_seconds",
    "peak_cache_bytes",
)
MAX_SECONDS, MAX_BYTES, MAX_WORDS = 1e9, 2**50, 500
MAX_QUALITY, MAX_METRICS, MAX_ID = 1e6, 32, 40


def summarise(
    trace: Trace, started: Started, finished: dict[Side, Finished], quality: Quality, measured: str | None
) -> dict[str, Any]:
    """One record, flat but for the settings. Seconds are those of the denoising steps, without decoding.

    measured: when the baseline's seconds were measured, if that was in an earlier run.
    """
    baseline, accelerated = finished["baseline"], finished["accelerated"]
    return {
        **_told_by(trace),
        "computed_fraction": accelerated.computed_fraction,
        "baseline_decode_seconds": baseline.decode_seconds,
        "accelerated_decode_seconds": accelerated.decode_seconds,
        "quality": quality,
        "peak_cache_bytes": accelerated.peak_cache_bytes,
        "baseline_measured": measured,
        "understood": [list(pair) for pair in started.understood],
        "ignored": list(started.ignored),
    }


def read_summary(value: object, trace: Trace) -> dict[str, Any]:
    """A summary.json that agrees with its trace; a ValueError names the number that does not.

    What the trace tells is taken from there, so that runs of older versions have the settings of this one.
    """
    if not isinstance(value, dict):
        raise ValueError("a summary must be a JSON object")
    told = _told_by(trace)
    for name in AGREEING:
        if not _agree(value.get(name), told[name]):
            raise ValueError(f"the summary's {name} is not what its trace tells")
    for name in ("baseline_decode_seconds", "accelerated_decode_seconds"):
        number(name, value.get(name), 0, MAX_SECONDS)
    number("computed_fraction", value.get("computed_fraction"), 0, 1)
    whole("peak_cache_bytes", value.get("peak_cache_bytes"), 0, MAX_BYTES)
    later: dict[str, Any] = {"baseline_measured": None, "understood": [], "ignored": []}  # not in older summaries
    measured, understood, ignored = (value.get(name, default) for name, default in later.items())
    if measured is not None:
        read_timestamp(measured)
    if not _texts(ignored) or not isinstance(understood, list) or not all(map(_pair, understood)):
        raise ValueError("the summary's words of the prompt are damaged")
    return {
        **told,
        **{name: value[name] for name in MEASURED},
        "quality": _read_quality(value),
        "baseline_measured": measured,
        "understood": understood,
        "ignored": ignored,
    }


def _told_by(trace: Trace) -> dict[str, Any]:
    """Everything of a summary that its trace tells too."""
    request = trace.request
    baseline, accelerated = trace.seconds("baseline"), trace.seconds("accelerated")
    return {
        "model": request.model,
        "prompt": request.prompt,
        "seed": request.seed,
        "steps": request.steps,
        "guidance": request.guidance,
        "size": vars(request.size) if request.size else None,
        **_method(request.method),
        "baseline_steps": len(trace.computed_steps("baseline")),
        "computed_steps": len(trace.computed_steps("accelerated")),
        "baseline_seconds": baseline,
        "accelerated_seconds": accelerated,
        "speedup": baseline / accelerated,
    }


def _read_quality(value: dict[str, Any]) -> Quality:
    """Values by metric; summaries of older versions have the PSNR alone, as `psnr_db`."""
    quality = value["quality"] if "quality" in value else {"psnr": value.get("psnr_db")}
    if not isinstance(quality, dict) or len(quality) > MAX_METRICS:
        raise ValueError(f"the quality must be a value for each metric, got {str(quality)[:40]!r}")
    for name, measured in quality.items():
        if not 1 <= len(name) <= MAX_ID:
            raise ValueError(f"a metric's name has 1 to {MAX_ID} characters, got {name[:60]!r}")
        if measured is not None or name == "psnr":
            number(name, measured, -MAX_QUALITY, MAX_QUALITY)
    return quality


def _agree(value: object, expected: object) -> bool:
    if isinstance(expected, float) and isinstance(value, float):
        return math.isclose(value, expected, rel_tol=1e-9)  # sums in another order
    return type(value) is type(expected) and value == expected


def _texts(value: object) -> bool:
    return isinstance(value, list) and len(value) <= MAX_WORDS and all(isinstance(text, str) for text in value)


def _pair(value: object) -> bool:
    return _texts(value) and isinstance(value, list) and len(value) == 2


def _method(method: Method) -> dict[str, Any]:
    settings = method_to_json(method)
    named = {"method": settings.pop("name"), "settings": settings}
    if not isinstance(method, AdaCacheConfig):
        return named
    codebook = {"formula": method.formula, "codebook": method.codebook.to_json()}
    return {**named, **codebook, "motion_regularisation": method.motion is not None}
