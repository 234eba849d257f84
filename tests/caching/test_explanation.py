"""Explanations: what is printed reproduces the decision, over recorded runs of every formula and option."""

import itertools
import math
import re
from dataclasses import replace

import pytest

from app.caching.codebook import Codebook
from app.caching.explanation import Explanation, explain, figure
from app.caching.latent_signals import LATENT_SIGNALS
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.motion import MotionRegularisation
from app.caching.record import StepRecord
from app.common.paths import RECORDINGS
from app.lab.recording import load_recording
from app.lab.simulate import simulate

RECORDED = [load_recording(path) for path in sorted(RECORDINGS.glob("*.json"))[:4]]
CARD_MOTION = MotionRegularisation(reference=0.2, power=4.0, gradient_scale=1.0)
BOOKS = {
    "l1": Codebook((0.08, 0.16, 0.24, 0.32, 0.4, 1.0), (6, 5, 4, 3, 2, 1)),
    "l2": Codebook((0.1, 0.2, 0.3, 1.0), (6, 4, 2, 1)),
    "cosine": Codebook((0.002, 0.01, 0.03, 1.0), (6, 4, 2, 1)),
}
MOTIONS = {
    "off": None,
    "card": CARD_MOTION,
    "strides": replace(CARD_MOTION, strides=(1, 2, 4), divisor=1.3, window=(3, 20)),
    "score": replace(CARD_MOTION, gradient_scale=0.0),
}
OPTIONS = list(itertools.product(("official", "paper"), BOOKS, MOTIONS, ("hold", "forecast"), (None, 15, 60)))


def evaluate(terms: str) -> float:
    """What printed arithmetic gives, by Python's own rules."""
    plain = terms.replace("÷", "/").replace("×", "*").replace("−", "-").replace("^", "**")
    plain = re.sub(r"\|([^|]*)\|", r"abs(\1)", plain)
    return float(eval(plain))


def known(value: float | None) -> float:
    assert value is not None
    return value


def records_of(recording, method: AdaCacheConfig) -> list[StepRecord]:
    """A run as its trace holds it."""
    simulated = simulate(recording, method)
    decided = dict(zip(simulated.computed, simulated.decisions, strict=True))
    return [
        StepRecord(
            step=step,
            timestep=recording.timesteps[step - 1],
            computed="all" if step in decided else "none",
            seconds=0.1,
            **(vars(decided[step]) if step in decided else {}),
        )
        for step in range(1, recording.steps + 1)
    ]


def explained(recording, method: AdaCacheConfig) -> tuple[list[StepRecord], list[Explanation]]:
    records = records_of(recording, method)
    explanations, before = [], None
    for record in records:
        explanations.append(explain(method, CARD_MOTION, record, before, recording.steps))
        before = record if record.computed != "none" else before
    return records, explanations


@pytest.mark.parametrize(("number", "options"), list(enumerate(OPTIONS)))
def test_what_is_printed_reproduces_the_decision(number, options):
    formula, distance, motion, reuse, made_for = options
    check_decisions(
        number,
        AdaCacheConfig(
            BOOKS[distance],
            formula=formula,
            distance=distance,
            motion=MOTIONS[motion],
            reuse=reuse,
            made_for=made_for,
        ),
    )


@pytest.mark.parametrize("formula", ["official", "paper"])
@pytest.mark.parametrize(("number", "signal"), list(enumerate(LATENT_SIGNALS)))
def test_decisions_on_latent_signals_are_reproduced(number, signal, formula):
    book = Codebook((0.02, 0.05, 0.1, 1.0), (5, 4, 3, 2))
    check_decisions(number, AdaCacheConfig(book, formula=formula, distance="l2", residual=signal))


def check_decisions(number: int, method: AdaCacheConfig) -> None:
    """What is printed of every step of a recorded run."""
    records, explanations = explained(RECORDED[number % len(RECORDED)], method)
    for record, explanation in zip(records, explanations, strict=True):
        lines = {line.curve: line for line in explanation.lines}
        for line in explanation.lines:
            if line.terms:
                assert figure(evaluate(line.terms), 4) == line.result, (record.step, line)
        if record.row is None:
            assert not lines
            continue
        # The lines are those of this decision: what they give is what the run recorded.
        assert lines["raw"].result == figure(known(record.distance), 4)
        assert lines["normalised"].result == figure(known(record.normalised), 4)
        if method.latent_signal is None:
            assert lines["motion"].result == figure(known(record.motion), 4)
        assert lines["regularised"].result == figure(known(record.regularised), 4)
        assert all(line.applied == (method.motion is not None) for line in explanation.lines[2:-1])
        if method.motion is not None:
            assert lines["gradient"].result == figure(known(record.motion_gradient), 4)
            factor = lines["factor"].result
            product = evaluate(lines["regularised"].terms)
            assert math.isclose(product, evaluate(f"{record.normalised!r} × ({factor})"), rel_tol=2e-3)
        check_outcome(method, record, explanation, records)


def check_outcome(method, record, explanation, records) -> None:
    """The thresholds named hold the number named; the rate and the next step are those that came."""
    place, rest = explanation.outcome.split(": ", 1)
    found = re.fullmatch(r"(?:(\S+) ≤ )?(−?[\d.e-]+)(?: < (\S+))?(?:, the only row)?", place)
    assert found, place
    low, value, high = found.groups()
    number = float(value.replace("−", "-"))
    assert low is None or float(low) <= number
    assert high is None or number < float(high)
    assert method.codebook.row(number) == record.row == explanation.row
    assert f"row {record.row + 1}, rate {method.codebook.rates[record.row]}" in rest
    following = next((r.step for r in records[record.step :] if r.computed != "none"), None)
    wanted = "No later step is computed." if following is None else f"Step {following} is computed next."
    assert rest.endswith(wanted)


def test_the_released_codes_forced_steps_say_so_and_what_they_divide_by():
    method = AdaCacheConfig(BOOKS["l1"], motion=CARD_MOTION)
    forced = 0
    for recording in RECORDED:
        records, explanations = explained(recording, method)
        before = records[0]
        for record, explanation in zip(records, explanations, strict=True):
            if record.row is not None and before.step + known(before.rate) != record.step:
                forced += 1
                assert explanation.summary.startswith("Forced: the released code computes the last two steps")
                assert explanation.lines[1].terms.endswith(f"÷ {before.rate}")
            if record.computed != "none":
                before = record
    assert forced


def test_reused_steps_and_the_first_one():
    method = AdaCacheConfig(BOOKS["l1"], reuse="forecast")
    records, explanations = explained(RECORDED[0], method)
    assert explanations[0].summary == "Computed: nothing is kept yet to compare with. Step 2 is computed next."
    reused = next(i for i, record in enumerate(records) if record.computed == "none")
    assert explanations[reused].summary.startswith("Reused: extrapolates the residuals up to step ")


def test_a_factor_that_is_not_applied_is_the_models_own():
    on, off = (explained(RECORDED[0], AdaCacheConfig(BOOKS["l1"], motion=m))[1] for m in (CARD_MOTION, None))
    first_score = [next(line for line in steps[1].lines if line.curve == "score") for steps in (on, off)]
    assert first_score[0].terms == first_score[1].terms
    assert (first_score[0].applied, first_score[1].applied) == (True, False)


def test_numbers_that_are_none_are_said_in_words():
    record = StepRecord(
        step=2, timestep=900, computed="all", seconds=1, distance=math.nan, normalised=math.nan, motion=0.2,
        motion_score=1.0, motion_gradient=0.0, regularised=math.nan, rate=1, row=5,
    )  # fmt: skip
    first = StepRecord(step=1, timestep=999, computed="all", seconds=1, rate=1)
    explanation = explain(AdaCacheConfig(BOOKS["l1"]), CARD_MOTION, record, first, 30)
    assert explanation.lines[0].result == "not a number"
    assert explanation.outcome.startswith("Not a number falls below no threshold")
