"""What a person should know about a run before trusting its numbers, in sentences; none when all is well."""

import math
from datetime import datetime

from app.caching.codebook import presets
from app.caching.methods.fewer_steps import FewerStepsConfig
from app.caching.registry import kind_of
from app.common.timestamps import display_time
from app.generation.request import Request
from app.generation.trace import Trace

FEW = 3  # decisions from which "always" means something
NAMED = 6  # ignored words that are named one by one
FAR = 1.25  # ratio of step counts from which a codebook is said to be made for another number of steps


def before(request: Request) -> list[str]:
    """What the request alone tells."""
    method = request.adacache
    if method is None or method.made_for is not None:
        return []
    made_for = {preset.steps for preset in presets().values() if preset.codebook == method.codebook}
    if not made_for or any(1 / FAR <= request.steps / steps <= FAR for steps in made_for):
        return []
    steps = min(made_for, key=lambda steps: abs(steps - request.steps))
    return [f"The codebook was made for {steps} steps, this run has {request.steps}; its thresholds may not fit."]


def after(trace: Trace) -> list[str]:
    """What the records of the accelerated side tell."""
    method = trace.request.adacache
    records = trace.records["accelerated"]
    if method is None:
        caches = not isinstance(trace.request.method, FewerStepsConfig)
        if caches and all(record.computed == "all" for record in records):
            title = kind_of(trace.request.method).title
            return [
                f"{title} never reused anything in this run: its settings do not fit these steps or this model."
            ]
        return []
    decided = [record for record in records if record.row is not None and record.regularised is not None]
    sentences = []
    broken = [record.step for record in decided if not math.isfinite(record.regularised or 0.0)]
    if broken:
        steps = ", ".join(map(str, broken[:5])) + (" and more" if len(broken) > 5 else "")
        sentences.append(f"The distance was not a number in step {steps}; the last row of the codebook was used.")
    chosen = {record.rate for record in decided}
    rates = method.codebook.rates
    if all(record.computed != "none" for record in records):
        sentences.append("AdaCache never skipped a step: every distance was above the thresholds that skip.")
    elif len(decided) >= FEW and chosen == {rates[0]} and len(set(rates)) > 1:
        sentences.append(
            f"Every step chose the highest rate, {rates[0]}: all distances were below the first threshold."
        )
    elif len(decided) >= FEW and chosen == {rates[-1]} and len(set(rates)) > 1:
        sentences.append(
            f"Every step chose the lowest rate, {rates[-1]}: all distances were above the last threshold."
        )
    return sentences


def of_baseline(measured: datetime, same: bool) -> list[str]:
    """Where the baseline is from, if a kept one was found."""
    when = display_time(measured)
    if same:
        return [f"The baseline, its seconds and so the speedup are from an earlier run, measured on {when}."]
    return [f"The baseline kept from {when} was made by other weights or on another device; it is measured anew."]


def of_prompt(ignored: tuple[str, ...]) -> list[str]:
    """What became of the prompt."""
    if not ignored:
        return []
    rest = f" and {len(ignored) - NAMED} more" if len(ignored) > NAMED else ""
    return [f"The model does not know {', '.join(ignored[:NAMED])}{rest}; the video is made without."]
