"""Trials of the Compare room: a run a method, one baseline for all, points that look like the comparison's."""

from pathlib import Path
from typing import Any

import pytest

from app.jobs.limits import Limits
from app.jobs.runner import JobRunner
from app.runs.store import RunStore
from components.compare.trial import MAX_METHODS, Trials
from tests.support.paced import Pace, PacedModel
from tests.support.tiny import CARD

VISITOR, OTHER = "a" * 32, "b" * 32
ASKED: dict[str, Any] = {"visitor": VISITOR, "prompt": "a dog", "seed": 3.0, "methods": ["even-3", "even-2"]}
POINTS = [{"name": "every other", "settings": {"name": "even", "computed": 3, "reuse": "hold"}}]


@pytest.fixture
def pace() -> Pace:
    made = Pace()
    made.release()
    return made


@pytest.fixture
def trials(tmp_path: Path, pace: Pace, monkeypatch: pytest.MonkeyPatch) -> Trials:
    monkeypatch.setattr("components.compare.trial.served", lambda path: f"served {path.name}")
    store = RunStore(tmp_path / "runs")
    runner = JobRunner(store, lambda _: PacedModel(pace), Limits(waiting=1))
    return Trials(runner, store, CARD, 6, 7.0, POINTS)


def finish(trials: Trials) -> None:
    for ticket in trials.runner.tickets(VISITOR):
        for _ in trials.runner.events(ticket):
            pass


def test_a_run_a_method_and_one_baseline(trials: Trials, pace: Pace) -> None:
    pace.hold_after(2)
    going = trials.started(ASKED)["going"]
    assert [(run["name"], run["state"]) for run in going] == [
        ("every other", "running"),
        ("Even steps, 2", "waiting"),
    ]
    pace.release()
    finish(trials)
    answer = trials.standing(ASKED)
    assert (answer["going"], answer["failed"]) == ([], [])
    assert answer["baseline"] == "served baseline.mp4"
    points = {point["name"]: point for point in answer["points"]}
    assert points["every other"]["schedules"][0]["computed"] == [1, 3, 5]
    assert points["Even steps, 2"]["computed_fraction"] == pytest.approx(2 / 6)
    assert points["every other"]["link"]
    timeline = points["every other"]["timeline"]
    assert timeline["computed"] == timeline["compute"] == [1.0, 0.0, 1.0, 0.0, 1.0, 0.0]
    assert (timeline["unit"], timeline["share"]) == ("branches", 0.5)  # FLOPs of this model are not counted
    run = trials.store.get(points["every other"]["run"], VISITOR)
    assert timeline["seconds"] == [record.seconds for record in run.trace.records["accelerated"]]
    assert answer["baseline_timeline"]["compute"] == [1.0] * 6
    assert sum(answer["baseline_timeline"]["seconds"]) == pytest.approx(run.trace.seconds("baseline"))
    measured = [run.summary["baseline_measured"] for run in trials.store.runs(VISITOR)]
    assert measured.count(None) == 1  # the others took the first one's baseline


def test_nothing_is_made_twice_and_nobody_sees_anothers(trials: Trials) -> None:
    trials.started(ASKED)
    finish(trials)
    assert trials.started(ASKED)["going"] == []
    assert len(trials.store.runs(VISITOR)) == 2
    trials = Trials(trials.runner, RunStore(trials.store.folder, public=True), CARD, 6, 7.0, POINTS)
    assert trials.standing({**ASKED, "visitor": OTHER})["points"] == []
    assert trials.standing({**ASKED, "seed": 4})["points"] == []


def test_stopping_keeps_what_is_made(trials: Trials, pace: Pace) -> None:
    trials.started({**ASKED, "methods": ["even-3"]})
    finish(trials)
    pace.hold_after(2)
    trials.started({**ASKED, "methods": ["even-2", "even-4"]})
    trials.stopped(ASKED)
    pace.release()
    finish(trials)
    answer = trials.standing(ASKED)
    assert answer["going"] == []
    assert [point["name"] for point in answer["points"]] == ["every other"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"methods": []}, f"1 to {MAX_METHODS} methods can be compared at once, got 0"),
        ({"methods": ["even-3"] * 13}, f"1 to {MAX_METHODS} methods can be compared at once, got 13"),
        ({"methods": ["sparkle"]}, "no method 'sparkle' for tiny"),
        ({"methods": [1]}, "a method's name must be text, got 1"),
        ({"methods": "even-3"}, "the page does not fit this server"),
        ({"prompt": " "}, "the prompt is empty"),
        ({"seed": 1.5}, "seed"),
        (
            {"methods": ["even-2", "even-3", "even-4", "even-5"]},
            "2 of 4 runs were added; 1 of your runs are waiting",
        ),
    ],
)
def test_what_cannot_be_compared_is_said(trials: Trials, pace: Pace, more: dict[str, Any], said: str) -> None:
    pace.hold_after(1)
    with pytest.raises(ValueError, match=said):
        trials.started({**ASKED, **more})
    trials.stopped(ASKED)
    pace.release()
    finish(trials)


def test_a_failure_is_named(trials: Trials) -> None:
    def broken(_: str) -> Any:
        raise ValueError("no such weights")

    whole, trials.runner.load = trials.runner.load, broken
    trials.started({**ASKED, "methods": ["even-3"]})
    finish(trials)
    assert trials.standing(ASKED)["failed"] == ["every other: no such weights"]
    trials.runner.load = whole  # what failed is made in a second attempt, and no longer failed
    trials.started({**ASKED, "methods": ["even-3"]})
    finish(trials)
    assert trials.standing(ASKED)["failed"] == []
    assert len(trials.standing(ASKED)["points"]) == 1
