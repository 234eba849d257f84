"""Turns at long questions: a short one does not wait for a long one, too many are refused, nobody's are left."""

import json
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from app.common.paths import RECORDINGS
from app.lab.recording import load_recording
from components.lab import queries
from components.lab.queries import Answers, work_of
from components.lab.recordings import Library
from components.shared import turns as module
from components.shared.turns import MAX_OF_ONE, MAX_WAITING, NobodyWaits, Turns, asker_gone

ADA, BOB = "a" * 32, "b" * 32


def test_a_short_question_is_answered_while_a_long_one_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SLICE_SECONDS", 0.0)
    turns, begun, answered = Turns(), Event(), Event()

    def long() -> None:
        with turns.turn(ADA) as poll:
            begun.set()
            while not answered.is_set():
                poll()

    def short() -> None:
        begun.wait(60)
        with turns.turn(BOB) as poll:
            poll()
        answered.set()

    threads = [Thread(target=work, daemon=True) for work in (long, short)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answered.is_set()
    assert not turns.queue


def test_one_visitor_and_all_together_may_ask_so_much_at_once() -> None:
    turns = Turns()
    for number in range(MAX_OF_ONE):
        turns.queue.append((ADA, number))
    with pytest.raises(ValueError, match="many questions"), turns.turn(ADA):
        pass
    turns.queue.extend((f"{number}", number) for number in range(MAX_WAITING - MAX_OF_ONE))
    with pytest.raises(ValueError, match="many questions"), turns.turn(BOB):
        pass


def test_work_ends_when_nobody_waits_for_it() -> None:
    turns, gone = Turns(), Event()
    token = asker_gone.set(gone)
    try:
        with turns.turn(ADA) as poll:
            poll()
            gone.set()
            with pytest.raises(NobodyWaits):
                poll()
    finally:
        asker_gone.reset(token)
    assert not turns.queue


def test_a_front_is_broken_off_and_a_question_that_is_too_large_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Library(RECORDINGS, tmp_path, public=True)
    answers = Answers(library, {})
    name = sorted(RECORDINGS.glob("*.json"))[0].stem
    question: dict[str, Any] = {"ids": [name], "motion": False, "reuse": "hold", "visitor": ADA}
    gone = Event()
    gone.set()
    token = asker_gone.set(gone)
    try:
        with pytest.raises(NobodyWaits):
            answers.front(question)
    finally:
        asker_gone.reset(token)
    monkeypatch.setattr(queries, "MAX_WORK", 10)
    with pytest.raises(ValueError, match="times as much as this shared page"):
        answers.front(question)
    library.public = False
    assert json.dumps(answers.front(question))


def test_work_grows_with_steps_lags_and_recordings() -> None:
    one = load_recording(sorted(RECORDINGS.glob("*.json"))[0])
    assert work_of([one]) == pytest.approx(30 * 12 * 1.03)
    assert work_of([one, replace(one, seed=1)]) == pytest.approx(2 * 30 * 12 * 1.03)
    assert work_of([one] * 12) < queries.MAX_WORK
