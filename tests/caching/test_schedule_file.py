"""Schedule files: what is written is read again, and what does not fit is said in one line."""

import json
from pathlib import Path

import pytest

from app.caching.methods.listed_steps import ListedStepsConfig
from app.caching.schedule_file import ScheduleFile, load_schedule, parse_schedule

KEPT = ScheduleFile(30, (1, 4, 9), "forecast", "sprites")


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    path.write_text(json.dumps(KEPT.to_json()))
    assert load_schedule(path) == KEPT
    assert KEPT.method == ListedStepsConfig((1, 4, 9), reuse="forecast")
    assert parse_schedule('{"schedule": 1, "steps": 3, "computed": [1, 3]}') == ScheduleFile(3, (1, 3))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schedule": 2}, "format 1 is needed, got 2"),
        ({"computed": [1, 31]}, "computes step 31 of 30"),
        ({"computed": [2, 3]}, "begins with 1"),
        ({"computed": [1, 4, 4]}, "must increase"),
        ({"computed": 3}, "lists at most 1000 computed steps, got 3"),
        ({"computed": [1, 2.5]}, "computed step"),
        ({"steps": 0}, "steps of a schedule"),
        ({"reuse": "guess"}, "reuse must be one of"),
        ({"model": 3}, "model of a schedule"),
        ({"thresholds": [1]}, "has the fields"),
    ],
)
def test_what_does_not_fit_is_said(change: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said) as raised:
        parse_schedule(json.dumps({**KEPT.to_json(), **change}))
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"nothing\.json.*No such file"):
        load_schedule(tmp_path / "nothing.json")
