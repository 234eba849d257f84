"""The one reader of what comes from outside: what it takes, what it refuses, and in which words."""

import math
from collections.abc import Callable

import pytest

from app.common.sentences import NO_SPACE, sentence
from app.common.validation import MAX_WHOLE, as_whole, number, one_line, parse_json, shown, text, whole

HUGE = 10**400


@pytest.mark.parametrize(
    "check",
    [
        lambda value: whole("seed", value, 0, MAX_WHOLE),
        lambda value: number("guidance", value, 0, 50),
        lambda value: text("the prompt", value, 20),
    ],
)
@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        1.5,
        math.nan,
        math.inf,
        HUGE,
        -HUGE,
        "x" * 21,
        "\ud800",
        [1],
        {"a": 1},
        b"1",
        object(),
        "9" * 9000,
    ],
)
def test_what_does_not_fit_is_refused_in_one_short_line(check: Callable[[object], None], value: object) -> None:
    try:
        check(value)
    except ValueError as error:
        said = str(error)
        assert "\n" not in said
        assert len(said) <= 240
        assert not any(word in said for word in ("None", "int", "NoneType", "object at", "<class"))
        said.encode()  # well-formed itself
    else:
        assert value == 1.5  # a guidance


@pytest.mark.parametrize(
    ("value", "words"), [(2**53 - 1, "9007199254740991"), (HUGE, "a number of more than 17 digits")]
)
def test_numbers_are_shown_only_as_far_as_they_can_be_read(value: int, words: str) -> None:
    assert shown(value) == words


def test_whole_numbers_end_where_the_page_rounds_them() -> None:
    whole("seed", 2**53 - 1, 0, MAX_WHOLE)
    with pytest.raises(ValueError, match="from 0 to 9007199254740991, got 9007199254740992"):
        whole("seed", 2**53, 0, MAX_WHOLE)


def test_a_fraction_is_not_rounded() -> None:
    assert as_whole(5.0) == 5
    assert isinstance(as_whole(5.0), int)
    assert as_whole(5.5) == 5.5
    assert as_whole(True) is True
    assert as_whole(1e300) == 1e300


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{"a": 1', "not a whole JSON file (line 1, column 8)"),
        (b"\xff\xfe", "not written in UTF-8"),
        (b'{"a": "\\ud800"}', "lone surrogate"),
        (b'{"\\udfff": 1}', "lone surrogate"),
        (b'{"a": 1e999}', "1e999 is not a number"),
        (b'{"a": NaN}', "NaN is not a number"),
        (b'{"a": ' + b"9" * 5000 + b"}", "beyond the whole numbers"),
        (b'{"a": 9007199254740993}', "beyond the whole numbers"),
        (b"[" * 100_000, "nested too deeply"),
        (b" " * 1001, "larger than 1000 bytes"),
    ],
)
def test_broken_json_is_named(data: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=r"(?s).") as error:
        parse_json(data, "x.json", 200_000 if b"[" in data else 10_000 if len(data) > 1001 else 1000)
    assert said in str(error.value)
    assert len(str(error.value)) <= 240


def test_whole_json_is_read_with_and_without_a_byte_order_mark() -> None:
    for start in ("", "\ufeff"):
        written = start + '{"a": "\\ud83d\\ude00", "b": [9007199254740991, 0.5]}'
        expected = {"a": "😀", "b": [2**53 - 1, 0.5]}
        assert parse_json(written, "x.json", 100) == expected
        assert parse_json(written.encode(), "x.json", 100) == expected


def test_messages_are_one_line_without_paths() -> None:
    assert one_line("a\nb\t c\ud800") == "a b c\ufffd"
    assert len(one_line("x" * 1_000_000)) == 240
    assert sentence(OSError(28, "No space left on device", "/srv/secret")) == f"N{NO_SPACE[1:]}."
    assert "/srv" not in sentence(PermissionError(13, "Permission denied", "/srv/secret"))
