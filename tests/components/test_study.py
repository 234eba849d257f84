"""Answers of the Study room: sides turned back into variants, and what cannot be is said."""

from pathlib import Path

import pytest

from app.common.paths import STUDIES
from app.runs.store import RunStore
from components.study.answers import Answers


@pytest.fixture
def answers(tmp_path: Path) -> Answers:
    return Answers(STUDIES, tmp_path / "studies", RunStore(tmp_path / "runs"))


def test_a_choice_by_side_is_kept_by_variant_and_shown_by_side_again(answers: Answers) -> None:
    tokens = [answers.joined({"study": "sprites"})["token"] for _ in range(2)]  # the second sees the sides swapped
    kept = []
    for token in tokens:
        place = answers.question({"token": token})["place"]
        given = {"choice": "left", "left_like_baseline": True, "right_like_baseline": False, "seconds": 2.0}
        answers.answer({"token": token, "place": place, **given})
        shown = answers.question({"token": token, "place": place})["given"]
        assert shown == {"choice": "left", "left_like_baseline": True, "right_like_baseline": False}
        (answer,) = answers.store.answers_of(answers.store.participant(token)).values()
        assert answer.one_like_baseline is (answer.choice == "one")
        kept.append(answer)
    assert answers.question({"token": tokens[0]})["place"] == 1


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"title": "x", "visitor": ""}, "there are no runs yet"),
        ({"title": "", "visitor": ""}, "a title of 1 to 200 characters"),
        (None, "reload it"),
    ],
)
def test_a_study_that_cannot_be_made_is_said(answers: Answers, asked: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        answers.created(asked)


def test_an_answer_out_of_place_is_refused(answers: Answers) -> None:
    token = answers.joined({"study": "sprites"})["token"]
    for place in (-1, 99, True, "0"):
        with pytest.raises(ValueError, match="questions, got place"):
            answers.answer({"token": token, "place": place})
