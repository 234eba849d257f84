"""The Study room's panel: its script asks questions of `Answers`, all answered at once."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from app.common.paths import STUDIES
from components.rooms import Page, Room
from components.shared.web import answered, panel
from components.study.answers import Answers

Question = Callable[[Any], dict[str, Any]]


def build(page: Page) -> gr.HTML:
    """The panel; it stays empty until it is opened."""
    answers = Answers(STUDIES, page.store.folder / "studies", page.store)
    return panel("study/study", "study-panel", server_functions=_questions(answers))


def _questions(answers: Answers) -> list[Question]:
    def studies(asked: Any) -> dict[str, Any]:
        return answered(answers.studies, asked)

    def joined(asked: Any) -> dict[str, Any]:
        return answered(answers.joined, asked)

    def question(asked: Any) -> dict[str, Any]:
        return answered(answers.question, asked)

    def answer(asked: Any) -> dict[str, Any]:
        return answered(answers.answer, asked)

    def results(asked: Any) -> dict[str, Any]:
        return answered(answers.results, asked)

    def created(asked: Any) -> dict[str, Any]:
        return answered(answers.created, asked)

    return [studies, joined, question, answer, results, created]


ROOM = Room("study", "Study", 50, build)
