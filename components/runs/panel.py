"""The panel of the Runs room and its wiring: questions are answered at once, opening a run fills the Studio."""

from collections.abc import Callable, Mapping
from typing import Any

import gradio as gr

from app.models.video_model import ModelCard
from app.runs.store import RunStore, read_visitor
from components.runs.answers import Answers
from components.web import in_words, panel

Question = Callable[[Any], dict[str, Any]]


def runs_room(store: RunStore, cards: Mapping[str, ModelCard]) -> gr.HTML:
    """Build the panel; its value is the id this browser gave itself, by which its runs are known."""
    answers = Answers(store, cards)
    return panel("runs", "runs-panel", server_functions=_questions(answers), public=store.public, opened={})


def asked_run(picked: gr.EventData) -> tuple[Any, str]:
    """Which run a browser wants to open, and which browser it is."""
    return getattr(picked, "run", None), read_visitor(getattr(picked, "visitor", None))


def _questions(answers: Answers) -> list[Question]:
    def listing(asked: Any) -> dict[str, Any]:
        return in_words(answers.listing, asked)

    def deleted(asked: Any) -> dict[str, Any]:
        return in_words(answers.deleted, asked)

    def restored(asked: Any) -> dict[str, Any]:
        return in_words(answers.restored, asked)

    def exported(asked: Any) -> dict[str, Any]:
        return in_words(answers.exported, asked)

    def imported(asked: Any) -> dict[str, Any]:
        return in_words(answers.imported, asked)

    def compared(asked: Any) -> dict[str, Any]:
        return in_words(answers.compared, asked)

    return [listing, deleted, restored, exported, imported, compared]
