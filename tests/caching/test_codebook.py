"""Codebooks: look-up, validation and reading."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.caching.codebook import Codebook, load_codebook, parse_codebook, presets
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.motion import MotionRegularisation

FAST = Codebook((0.08, 0.16, 0.24, 0.32, 0.40, 1.00), (6, 5, 4, 3, 2, 1))


@pytest.mark.parametrize(
    ("distance", "rate"),
    [
        (0.0, 6),
        (0.0799, 6),
        (0.08, 5),
        (0.2, 4),
        (0.32, 2),
        (0.40, 1),
        (0.99, 1),
        (7.0, 1),
        (math.nan, 1),
        (-1, 6),
    ],
)
def test_a_distance_below_a_threshold_selects_its_rate(distance: float, rate: int):
    assert FAST.rate(distance) == rate


def test_published_codebooks_are_the_papers():
    named = presets()
    assert named["fast"].codebook == FAST
    assert named["slow"].codebook.to_json() == {"0.08": 3, "0.16": 2, "0.24": 1, "1": 1}
    assert named["fast-100"].codebook.rates == (12, 10, 8, 6, 4, 3)
    assert named["fast-100"].codebook.steps == 100


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"0.2": 3, "0.1": 2}', "must increase, got 0.2 before 0.1"),
        ('{"0.1": 2, "0.2": 3}', "must not increase with the threshold, got 2 before 3"),
        ('{"0.1": 0}', "a whole number from 1 to 1000, got 0"),
        ('{"0.1": 1.5}', "got 1.5"),
        ('{"0.1": true}', "got true"),
        ('{"nan": 2}', "finite and positive, got nan"),
        ('{"inf": 2}', "got inf"),
        ('{"-1": 2}', "got -1"),
        ('{"a": 2}', "must be numbers, got 'a'"),
        ('{"0.1": 2, "0.1": 2}', "twice"),
        ("{}", "is a JSON object such as"),
        ("[1]", "is a JSON object such as"),
        ("{", "not a whole JSON file (line 1, column 2)"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_broken_codebook_is_named(text: str, said: str):
    with pytest.raises(ValueError, match=r"(?s).") as error:
        parse_codebook(text)
    assert said in str(error.value)


rows = st.lists(
    st.floats(1e-6, 1e6, allow_nan=False).map(lambda x: float(f"{x:.6g}")), min_size=1, max_size=8, unique=True
).flatmap(
    lambda thresholds: st.lists(st.integers(1, 50), min_size=len(thresholds), max_size=len(thresholds)).map(
        lambda rates: Codebook(tuple(sorted(thresholds)), tuple(sorted(rates, reverse=True)))
    )
)


@given(rows)
def test_json_round_trip(codebook: Codebook):
    assert parse_codebook(json.dumps(codebook.to_json())) == codebook


@given(rows, st.floats(0, 2), st.floats(0, 2))
def test_a_larger_distance_never_reuses_longer(codebook: Codebook, a: float, b: float):
    assert codebook.rate(max(a, b)) <= codebook.rate(min(a, b))


def test_a_codebook_file(tmp_path: Path):
    path = tmp_path / "mine.json"
    path.write_text('{"0.08": 6, "0.16": 5, "1.00": 1}')
    assert load_codebook(str(path)).rates == (6, 5, 1)
    path.write_text('{"title": "Mine", "codebook": {"0.2": 3, "1.0": 1}}')
    assert load_codebook(str(path)).rates == (3, 1)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match=r"mine\.json: the codebook is not written in UTF-8"):
        load_codebook(str(path))
    with pytest.raises(ValueError, match=r"presets: .*fast"):
        load_codebook("nope")


def test_a_codebook_knows_what_it_was_made_for(tmp_path: Path):
    value = {"title": "Mine", "codebook": {"0.2": 3, "1": 1}, "steps": 50, "models": ["sprites"]}
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(value))
    codebook = load_codebook(str(path))
    assert (codebook.steps, codebook.models) == (50, ("sprites",))
    assert codebook == Codebook((0.2, 1.0), (3, 1))  # what it was made for changes no video
    copy = Codebook.from_json(json.loads(json.dumps(codebook.to_settings())))
    assert (copy, copy.steps, copy.models) == (codebook, 50, ("sprites",))
    assert Codebook((0.2,), (3,)).to_settings() == {"0.2": 3}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"steps": 0}, "the steps a codebook was made for must be a whole number from 1 to 1000, got 0"),
        ({"steps": "30"}, "got '30'"),
        ({"models": "sprites"}, "a list of ids, got 'sprites'"),
        ({"models": [1]}, "must be text, got 1"),
        ({"models": ["x"] * 21}, "at most 20 models"),
        ({"codebook": {"codebook": {"0.1": 1}}}, "must be numbers, got 'codebook'"),
    ],
)
def test_what_a_codebook_was_made_for_is_checked(changes: dict[str, object], said: str):
    with pytest.raises(ValueError, match=r"(?s).") as error:
        parse_codebook(json.dumps({"codebook": {"0.1": 1}, **changes}))
    assert said in str(error.value)


def test_a_codebook_brings_the_motion_that_was_fitted_with_it() -> None:
    fitted = MotionRegularisation(reference=0.2, window=(3, 20))
    written = json.loads(
        json.dumps(Codebook((0.1, 1.0), (3, 1), 30, ("tiny",), "cross in l1", fitted).to_settings())
    )
    book = Codebook.from_json(written)
    assert (book.signal, book.motion) == ("cross in l1", fitted)
    plain = AdaCacheConfig(Codebook((1.0,), (1,)))
    assert plain.with_codebook(book).motion is None  # it stays off
    assert replace(plain, motion=MotionRegularisation()).with_codebook(book).motion == fitted
    own = replace(plain, motion=MotionRegularisation(power=2.0)).with_codebook(Codebook((0.1,), (2,)))
    assert own.motion == MotionRegularisation(power=2.0)
    with pytest.raises(ValueError, match="motion reference must be within"):
        Codebook.from_json({**written, "motion": {**written["motion"], "reference": -1}})
