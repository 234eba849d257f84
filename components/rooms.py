"""Rooms of the page: what each is called, how its panels are built, and what all of them build on.

A room is a package of components/ with a module `room` that holds its `ROOM`, and a folder of the same name in
assets/web with its scripts and a stylesheet. `rooms` finds them; nothing else lists them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import gradio as gr

import components
from app.common.paths import WEB
from app.jobs.runner import JobRunner
from app.models.base import ModelCard
from app.runs.store import RunStore
from components.shared.warmup import Warmup

VISITORS = 16  # runs that go on or wait at once, over all tabs
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}  # of events that nobody waits for


@dataclass(frozen=True)
class Page:
    """What all rooms of one page share, and the panels they have built so far."""

    blocks: gr.Blocks
    cards: Mapping[str, ModelCard]
    runner: JobRunner
    store: RunStore
    warmup: Warmup
    first_run: Path  # what the Studio shows before anything is generated
    recordings: Path  # that ship with the Lab
    gallery: Path  # clips of those, for the first view
    header: gr.HTML
    built: dict[str, Any] = field(default_factory=dict)  # by room, what its `build` returned


@dataclass(frozen=True)
class Room:
    """One room: `build` makes its panels inside its row; `wire` may then use those of other rooms."""

    id: str  # of its row and its folders, and the fragment of its address
    title: str  # on its tab
    place: int  # tabs stand in this order
    build: Callable[[Page], Any]
    wire: Callable[[Page], None] = lambda page: None

    @property
    def styles(self) -> list[Path]:
        """Its stylesheets."""
        return sorted((WEB / self.id).glob("*.css"))


@cache
def rooms() -> tuple[Room, ...]:
    """Every room there is, in the order of its tabs."""
    found = []
    for package in iter_modules(components.__path__):
        if package.ispkg and find_spec(f"components.{package.name}.room"):
            found.append(import_module(f"components.{package.name}.room").ROOM)
    return tuple(sorted(found, key=lambda room: room.place))
