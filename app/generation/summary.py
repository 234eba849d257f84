"""The summary of a finished run: the measured numbers, as summary.json and the page show them."""

import math
from dataclasses import asdict, fields
from typing import Any

from app.caching.method import Method
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.registry import method_to_json
from app.common.validation import number, shown, text, whole
from app.generation.events import Finished, Started
from app.generation.speed import baseline_scale, speed_of
from app.generation.timing import Timing
from app.generation.trace import SIDES, Side, Trace
from app.metrics.registry import Quality

AGREEING = ("prompt", "computed_steps")
SPEED = ("baseline_seconds", "accelerated_seconds", "speedup")
MEASURED = (
    "computed_fraction",
    "baseline_decode_seconds",
    "accelerated_decode_seconds",
    "peak_cache_bytes",
)
MAX_SECONDS, MAX_BYTES, MAX_WORDS, MAX_WORD = 1e9, 2**50, 500, 1600
MAX_QUALITY, MAX_METRICS, MAX_ID = 1e6, 32, 40
MAX_FRAMES = 10_000


def summarise(
    trace: Trace,
    started: Started,
    finished: dict[Side, Finished],
    quality: Quality,
    frame_psnr: list[float],
    timing: Timing,
) -> dict[str, Any]:
    """One record, flat but for the settings. Seconds are those of the denoising steps, without decoding.

    Where both videos begin with `earlier_frames` of another clip, quality and frame_psnr are of those that follow.
    """
    baseline, accelerated = finished["baseline"], finished["accelerated"]
    return {
        **_told_by(trace),
        **_speed(trace, timing),
        "computed_fraction": accelerated.computed_fraction,
        "baseline_decode_seconds": baseline.decode_seconds,
        "accelerated_decode_seconds": accelerated.decode_seconds,
        "quality": quality,
        "frame_psnr": frame_psnr,
        "earlier_frames": accelerated.earlier_frames,
        "peak_cache_bytes": accelerated.peak_cache_bytes,
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
    speed = _read_speed(value, trace)
    for name in ("baseline_decode_seconds", "accelerated_decode_seconds"):
        number(name, value.get(name), 0, MAX_SECONDS)
    number("computed_fraction", value.get("computed_fraction"), 0, 1)
    whole("peak_cache_bytes", value.get("peak_cache_bytes"), 0, MAX_BYTES)
    later: dict[str, Any] = {"understood": [], "ignored": []}  # not in older summaries
    understood, ignored = (value.get(name, default) for name, default in later.items())
    if not isinstance(understood, list) or len(understood) > MAX_WORDS or not all(map(_pair, understood)):
        raise ValueError("the summary's words of the prompt are damaged")
    for words in (ignored, *understood):
        _check_words(words)
    return {
        **told,
        **speed,
        **{name: value[name] for name in MEASURED},
        "quality": (quality := _read_quality(value)),
        "frame_psnr": _read_frame_psnr(value, quality.get("psnr")),
        "earlier_frames": _read_earlier_frames(value, trace),
        "understood": understood,
        "ignored": ignored,
    }


def _told_by(trace: Trace) -> dict[str, Any]:
    """Everything of a summary that its trace tells too."""
    request = trace.request
    return {
        "model": request.model,
        "prompt": request.prompt,
        "seed": request.seed,
        "steps": request.steps,
        "guidance": request.guidance,
        "size": vars(request.size) if request.size else None,
        **vars(request.settings()),
        **_method(request.method),
        "baseline_steps": len(trace.computed_steps("baseline")),
        "computed_steps": len(trace.computed_steps("accelerated")),
        "exchanged_bytes": trace.exchanged_bytes(),
    }


def _speed(trace: Trace, timing: Timing) -> dict[str, Any]:
    """Seconds and speedup from medians, what they rest on, and in sentences what speaks against them."""
    speed = speed_of(
        trace.records["baseline"],
        trace.records["accelerated"],
        scale=timing.baseline_scale,
        share=timing.compute_share,
        unit=timing.compute_unit,
    )
    return {
        "baseline_seconds": speed.baseline_seconds,
        "accelerated_seconds": speed.accelerated_seconds,
        "speedup": speed.speedup,
        "summed_seconds": dict(zip(SIDES, speed.summed_seconds, strict=True)),
        "step_spread": speed.spread,
        "speedup_allowed": speed.allowed,
        "speed_notes": speed.notes(),
        **asdict(timing),
    }


def speed_text(summary: dict[str, Any]) -> str:
    """The measured speedup with the share of compute beside it, in one line."""
    speedup, share = f"{summary['speedup']:.2f}x", summary["compute_share"]
    if share is None:
        return speedup
    return f"{speedup} (at most {1 / share:.2f}x by its {share:.0%} of the baseline's {summary['compute_unit']})"


def _read_speed(value: dict[str, Any], trace: Trace) -> dict[str, Any]:
    """The speed that a summary states, made anew from its trace; older ones state the ratio of the sums."""
    measured = value.get("baseline_measured")
    older = "compute_share" not in value
    if older:  # a reused baseline was not scaled then, but its trace holds what is needed for it
        records = trace.records
        scale = baseline_scale(records["baseline"], records["accelerated"]) if measured is not None else None
        timing = Timing(measured, scale, value.get("computed_fraction") or None)
    else:
        given: dict[str, Any] = {field.name: value.get(field.name) for field in fields(Timing)}
        timing = Timing(**given)
    speed = _speed(trace, timing)
    sums = trace.seconds("baseline"), trace.seconds("accelerated")
    stated = (*sums, sums[0] / sums[1]) if older else tuple(speed[name] for name in SPEED)
    for name, told in zip(SPEED, stated, strict=True):
        if not _agree(value.get(name), told):
            raise ValueError(f"the summary's {name} is not what its trace tells")
    return speed


def _read_quality(value: dict[str, Any]) -> Quality:
    """Values by metric; summaries of older versions have the PSNR alone, as `psnr_db`."""
    quality = value["quality"] if "quality" in value else {"psnr": value.get("psnr_db")}
    if not isinstance(quality, dict) or len(quality) > MAX_METRICS:
        raise ValueError(f"the quality must be a value for each metric, got {shown(quality)}")
    for name, measured in quality.items():
        if not 1 <= len(name) <= MAX_ID:
            raise ValueError(f"a metric's name has 1 to {MAX_ID} characters, got {shown(name)}")
        if measured is not None or name == "psnr":
            number(name, measured, -MAX_QUALITY, MAX_QUALITY)
    return quality


def _read_frame_psnr(value: dict[str, Any], mean: float | None) -> list[float]:
    """The PSNR of every frame, whose mean is the video's; none in summaries of older versions."""
    frames = value.get("frame_psnr", [])
    if not isinstance(frames, list) or len(frames) > MAX_FRAMES:
        raise ValueError(f"the PSNR of frames is a list of at most {MAX_FRAMES} numbers, got {shown(frames)}")
    for decibels in frames:
        number("the PSNR of a frame", decibels, -MAX_QUALITY, MAX_QUALITY)
    if frames and not _agree(sum(frames) / len(frames), mean):
        raise ValueError("the mean of the summary's frame_psnr is not its psnr")
    return frames


def _read_earlier_frames(value: dict[str, Any], trace: Trace) -> int:
    """The frames of an earlier clip before those of the run; none where it goes on from none."""
    earlier: int = value.get("earlier_frames", 0)
    fewest = 0 if trace.request.extends is None else 1
    whole("earlier_frames", earlier, fewest, MAX_FRAMES * fewest)
    return earlier


def _agree(value: object, expected: object) -> bool:
    if isinstance(expected, float) and isinstance(value, float):
        return math.isclose(value, expected, rel_tol=1e-9)  # sums in another order
    return type(value) is type(expected) and value == expected


def _check_words(value: object) -> None:
    if not isinstance(value, list) or len(value) > MAX_WORDS:
        raise ValueError("the summary's words of the prompt are damaged")
    for word in value:
        text("a word of the summary", word, MAX_WORD)


def _pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2


def _method(method: Method) -> dict[str, Any]:
    settings = method_to_json(method)
    named = {"method": settings.pop("name"), "settings": settings}
    if not isinstance(method, AdaCacheConfig):
        return named
    codebook = {"formula": method.formula, "codebook": method.codebook.to_json()}
    return {**named, **codebook, "motion_regularisation": method.motion is not None}
