"""The Runs room: every kept run in a list; one that is opened fills the Studio."""

import gradio as gr

from components.rooms import Page, Room
from components.runs.panel import runs_panel


def build(page: Page) -> gr.HTML:
    """The list."""
    return runs_panel(page.store, page.cards)


ROOM = Room("runs", "Runs", 40, build)
