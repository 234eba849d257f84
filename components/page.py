"""The page: a header, the rooms one below the other, and the endpoints for programs."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from app.common.paths import FIRST_RUN, GALLERY, RECORDINGS
from app.jobs.limits import limits_here
from app.jobs.runner import JobRunner
from app.models.base import ModelCard, VideoModel
from app.models.registry import CARDS, device_of, load_model
from app.runs.store import RunStore
from components.api import endpoints
from components.rooms import QUIET, VISITORS, Page, rooms
from components.shared.blocks import AnsweringBlocks
from components.shared.header import header
from components.shared.warmup import Warmup
from components.shared.web import panel, serve_assets


def build(
    runs: Path,
    cards: Mapping[str, ModelCard] = CARDS,
    load: Callable[[str], VideoModel] = load_model,
    first_run: Path = FIRST_RUN,
    recordings: Path = RECORDINGS,
    gallery: Path = GALLERY,
) -> gr.Blocks:
    """The whole page over a folder for runs; the first model begins to load at once."""
    card = next(iter(cards.values()))
    warmup = Warmup(card.id, load)
    warmup.start()
    store = RunStore(runs, public="SPACE_ID" in os.environ)  # a Space's visitors share it
    store.close()  # what an earlier server of this process number left
    store.tidy()
    runner = JobRunner(store, warmup.load, limits=limits_here())
    serve_assets(first_run, gallery)

    with AnsweringBlocks(
        title="AdaCache Studio", fill_width=True, analytics_enabled=False, delete_cache=(3600, 3600)
    ) as blocks:
        status = header(card.title, device_of(card.id), warmup.state, rooms())
        panel("tour/tour", "tour")
        page = Page(blocks, cards, runner, store, warmup, first_run, recordings, gallery, status)
        endpoints(runner, cards, VISITORS)  # first, for their names
        for room in rooms():
            with gr.Row(elem_id=room.id):
                page.built[room.id] = room.build(page)
        for room in rooms():
            room.wire(page)

        def model_states() -> Iterator[Any]:
            for state in warmup.states():
                yield gr.update(state=state)

        blocks.load(model_states, outputs=status, concurrency_limit=None, **QUIET)
    return blocks
