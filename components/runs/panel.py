"""The panel of the Runs room and its wiring: questions are answered at once, opening a run fills the Studio."""

from collections.abc import Callable, Mapping
from typing import Any

import gradio as gr

from app.models.base import ModelCard
from app.runs.store import RunStore
from components.runs.answers import Answers
from components.shared.visitors import visitor_of
from components.shared.web import answered, panel

Question = Callable[[Any], dict[str, Any]]


def runs_panel(store: RunStore, cards: Mapping[str, ModelCard]) -> gr.HTML:
    """Build the panel; its value is the id this browser gave itself, by which its runs are known."""
    answers = Answers(store, cards)
    return panel("runs/runs", "runs-panel", server_functions=_questions(answers), public=store.public, opened={})


def asked_run(picked: gr.EventData) -> tuple[Any, str]:
    """Which run a browser wants to open, and which browser it is."""
    return getattr(picked, "run", None), visitor_of(getattr(picked, "visitor", None))


def asked_settings(picked: gr.EventData) -> object:
    """The settings of a share card that a browser wants in the Studio; none where it asks for a run."""
    return getattr(picked, "settings", None)


def _questions(answers: Answers) -> list[Question]:
    def listing(asked: Any) -> dict[str, Any]:
        return answered(answers.listing, asked)

    def deleted(asked: Any) -> dict[str, Any]:
        return answered(answers.deleted, asked)

    def restored(asked: Any) -> dict[str, Any]:
        return answered(answers.restored, asked)

    def exported(asked: Any) -> dict[str, Any]:
        return answered(answers.exported, asked)

    def carded(asked: Any) -> dict[str, Any]:
        return answered(answers.carded, asked)

    def imported(asked: Any) -> dict[str, Any]:
        return answered(answers.imported, asked)

    def compared(asked: Any) -> dict[str, Any]:
        return answered(answers.compared, asked)

    return [listing, deleted, restored, exported, carded, imported, compared]
