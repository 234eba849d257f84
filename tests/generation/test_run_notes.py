"""Health sentences: there when something is wrong with a run, absent when all is well."""

import math

import pytest

from app.caching.codebook import Codebook, presets
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.methods.fixed_interval import FixedIntervalConfig
from app.caching.record import StepRecord
from app.generation import run_notes
from app.generation.request import Request
from app.generation.trace import Trace
from app.models.registry import CARDS

CODEBOOK = Codebook((0.1, 0.2, 1.0), (4, 2, 1))


def request(codebook: Codebook = CODEBOOK, steps: int = 30) -> Request:
    return Request("tiny", "a test", AdaCacheConfig(codebook), steps=steps)


def trace(*steps: tuple[float, int] | None) -> Trace:
    """One record a step: what was looked up and the rate chosen, or None for a reused step."""
    records = [
        StepRecord(step=i, timestep=500.0, computed="none", seconds=0.1)
        if step is None
        else StepRecord(
            step=i,
            timestep=500.0,
            computed="all",
            seconds=0.1,
            regularised=step[0],
            rate=step[1],
            row=CODEBOOK.rates.index(step[1]),
        )
        for i, step in enumerate(steps, 1)
    ]
    return Trace(request(), {"accelerated": tuple(records)})


def test_a_run_with_varied_rates_has_nothing_to_say() -> None:
    assert run_notes.after(trace((0.3, 1), (0.15, 2), None, (0.05, 4), None, None, None)) == []


def test_a_run_that_never_skips_says_so() -> None:
    (sentence,) = run_notes.after(trace((0.3, 1), (0.3, 1), (0.3, 1)))
    assert "never skipped" in sentence


def test_always_the_highest_or_the_lowest_rate_is_said() -> None:
    (sentence,) = run_notes.after(trace((0.01, 4), None, (0.01, 4), None, (0.01, 4)))
    assert "highest rate, 4" in sentence
    (sentence,) = run_notes.after(trace((0.9, 1), None, (0.9, 1), (0.9, 1)))
    assert "lowest rate, 1" in sentence


def test_a_distance_that_is_not_a_number_names_its_step() -> None:
    (sentence,) = run_notes.after(trace((0.15, 2), None, (math.nan, 1), (0.05, 4)))
    assert "step 3" in sentence


@pytest.mark.parametrize(
    ("codebook", "steps", "said"),
    [
        (
            presets()["fast-100"].codebook,
            30,
            "100 steps of Open-Sora 1.2, this run has 30 and is of tiny;",
        ),
        (presets()["fast-100"].codebook, 100, "made for Open-Sora 1.2, this run is of tiny;"),
        (Codebook((0.1, 1.0), (3, 1), 30, ("tiny",)), 100, "made for 30 steps, this run has 100;"),
        (Codebook((0.1, 1.0), (3, 1), 30), 24, None),
        (Codebook((0.1, 1.0), (3, 1), models=("tiny", "sprites")), 7, None),
        (Codebook(presets()["fast-100"].codebook.thresholds, (12, 10, 8, 6, 4, 3)), 30, "made for 100 steps"),
        (CODEBOOK, 100, None),
    ],
)
def test_a_codebook_made_for_something_else_is_named_before_the_run(
    codebook: Codebook, steps: int, said: str | None
) -> None:
    sentences = run_notes.before(request(codebook, steps))
    assert said in sentences[0] if said else sentences == []


def test_a_stretched_codebook_fits_any_number_of_steps() -> None:
    method = AdaCacheConfig(Codebook((0.1, 1.0), (3, 1), 30, ("tiny",)), made_for=30)
    assert run_notes.before(Request("tiny", "a test", method, steps=100)) == []


def test_a_distilled_model_says_before_a_run_that_caching_cannot_help_it() -> None:
    (sentence,) = run_notes.before(Request("wan-2.2-lightning", "a test", FixedIntervalConfig(2), steps=4))
    assert sentence.startswith("Wan 2.2 Lightning was distilled to 4 steps")
    assert "caching cannot help it" in sentence
    assert "caching cannot help" in CARDS["wan-2.2-lightning"].needs  # below the model on the page, and in doctor
    assert run_notes.before(Request("wan-2.2-a14b", "a test", FixedIntervalConfig(2), steps=40)) == []


def test_ignored_words_are_named() -> None:
    assert "zebra" in run_notes.of_prompt(("zebra",))[0]
    assert run_notes.of_prompt(()) == []


def test_a_codebook_of_another_signal_is_named() -> None:
    book = Codebook((0.1, 1.0), (3, 1), 30, ("tiny",), signal="cross in l1")
    (sentence,) = run_notes.of_codebook(AdaCacheConfig(book), "tiny", 30)
    assert "made for cross in l1, this run measures temporal-attn in l1;" in sentence
    assert run_notes.of_codebook(AdaCacheConfig(book, residual="cross"), "tiny", 30) == []
    published = AdaCacheConfig(presets()["fast"].codebook, distance="l2")  # states no signal: that of the paper
    assert "measures temporal-attn in l2" in run_notes.of_codebook(published, "open-sora-1.2", 30)[0]
