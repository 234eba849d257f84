"""What a person should know about a run before trusting its numbers, in sentences; none when all is well."""

import math
from datetime import datetime

from app.caching.codebook import Codebook, presets
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.methods.fewer_steps import FewerStepsConfig
from app.caching.registry import kind_of
from app.common.timestamps import display_time
from app.generation.request import Request
from app.generation.trace import Trace
from app.models.registry import CARDS

FEW = 3  # decisions from which "always" means something
NAMED = 6  # ignored words that are named one by one
EXTENDS = (
    "Both sides go on from the accelerated clip of an earlier run, with which both videos begin; quality is that "
    "of the new frames."
)
UNFIT = "its thresholds may not fit, so the speedup may be another than it was made for"
PUBLISHED_SIGNAL = AdaCacheConfig(Codebook((1.0,), (1,))).signal  # of codebooks that state none
FAR = 1.25  # ratio of step counts from which a codebook is said to be made for another number of steps


def before(request: Request) -> list[str]:
    """What the request alone tells: whether caching helps its model, its codebook is for it, where it starts."""
    method = request.adacache
    notes = of_model(request.model) + ([] if method is None else of_codebook(method, request.model, request.steps))
    return notes if request.extends is None else [*notes, EXTENDS]


def of_model(model: str) -> list[str]:
    """Of a model that was distilled to a few steps, that there is nothing to reuse."""
    if model not in CARDS or not (card := CARDS[model]).few_steps:
        return []
    return [
        f"{card.title} was distilled to {card.steps} steps, each of which changes the video a lot: caching cannot "
        "help it. Expect a worse video, or nothing reused."
    ]


def of_codebook(method: AdaCacheConfig, model: str, steps: int) -> list[str]:
    """How a run of a model and so many steps is unlike what the method's codebook was made for."""
    if (found := _unlike(method, model, steps)) is None:
        return []
    made_for, here = found
    return [f"The codebook was made for {made_for}, this run {here}; {UNFIT}."]


def before_run(method: AdaCacheConfig, model: str, steps: int) -> str:
    """The same in a few words, for settings that are not run yet; empty where the codebook is made for them."""
    found = _unlike(method, model, steps)
    return "" if found is None else f"Made for {found[0]}: its thresholds may not fit these settings."


def _unlike(method: AdaCacheConfig, model: str, steps: int) -> tuple[str, str] | None:
    """What a codebook was made for, and what a run is or does instead; none where they agree."""
    known = _known(method.codebook)
    made_for = {made.steps for made in known if made.steps}
    models = {model for made in known for model in made.models}
    signals = {made.signal or PUBLISHED_SIGNAL for made in known if made.steps or made.models or made.signal}
    if signals and method.signal not in signals:
        return " and ".join(sorted(signals)), f"measures {method.signal}"
    here, there = [], []
    stretched = method.made_for is not None
    if made_for and not stretched and not any(1 / FAR <= steps / made <= FAR for made in made_for):
        there.append(f"{min(made_for, key=lambda made: abs(made - steps))} steps")
        here.append(f"has {steps}")
    if models and model not in models:
        there.append(" and ".join(sorted(map(_title, models))))
        here.append(f"is of {_title(model)}")
    return (" of ".join(there), " and ".join(here)) if here else None


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
        return [
            f"The baseline is from an earlier run, measured on {when}; for the speedup its seconds are scaled by "
            "what a computed step takes now."
        ]
    return [f"The baseline kept from {when} was made by other weights or on another device; it is measured anew."]


def of_prompt(ignored: tuple[str, ...]) -> list[str]:
    """What became of the prompt."""
    if not ignored:
        return []
    rest = f" and {len(ignored) - NAMED} more" if len(ignored) > NAMED else ""
    return [f"The model does not know {', '.join(ignored[:NAMED])}{rest}; the video is made without."]


def _known(codebook: Codebook) -> list[Codebook]:
    """The codebook itself where it states what it was made for; else presets with the same rows."""
    if codebook.made_for():
        return [codebook]
    return [preset.codebook for preset in presets().values() if preset.codebook == codebook]


def _title(model: str) -> str:
    return CARDS[model].title if model in CARDS else model
