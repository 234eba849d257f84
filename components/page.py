"""The page: builds the panels and wires them to the job runner."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from time import time
from typing import Any

import gradio as gr

from app.common.paths import FIRST_RUN, RECORDINGS
from app.common.sentences import sentence
from app.jobs.limits import limits_here
from app.jobs.runner import JobRunner
from app.models.base import ModelCard, VideoModel
from app.models.doctor import missing
from app.models.registry import CARDS, load_model
from app.models.runtime.device import device_name
from app.runs.store import RunStore, read_visitor
from components.api import endpoints
from components.compare.panel import compare_room
from components.lab.panel import lab
from components.runs.panel import asked_run, runs_room
from components.runs.reopening import reopen
from components.shared.header import header
from components.shared.visitors import visitor_key
from components.shared.warmup import Warmup
from components.shared.web import serve_assets
from components.studio.charts import charts
from components.studio.controls import controls, read_request, show_request, wire_controls
from components.studio.generate import Updates, live
from components.studio.share import PARAMETER, from_query, to_query
from components.studio.size import read_size, said_props
from components.studio.video_panel import stage
from components.studio.view import recorded

VISITORS = 16  # runs that go on or wait at once, over all tabs
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def build(
    runs: Path,
    cards: Mapping[str, ModelCard] = CARDS,
    load: Callable[[str], VideoModel] = load_model,
    first_run: Path = FIRST_RUN,
    recordings: Path = RECORDINGS,
) -> gr.Blocks:
    """The whole page over a folder for runs; the first model begins to load at once."""
    card = next(iter(cards.values()))
    warmup = Warmup(card.id, load)
    warmup.start()
    store = RunStore(runs, public="SPACE_ID" in os.environ)  # a Space's visitors share it
    store.tidy()
    runner = JobRunner(store, warmup.load, limits=limits_here())
    shown = recorded(first_run) if first_run.is_dir() else None
    serve_assets(first_run)

    with gr.Blocks(
        title="AdaCache Studio", fill_width=True, analytics_enabled=False, delete_cache=(3600, 3600)
    ) as page:
        status = header(card.title, device_name(), warmup.state)
        with gr.Row(elem_id="studio"):
            with gr.Column(elem_id="controls", scale=0, min_width=300):
                panels = controls(card, cards)
            with gr.Column(elem_id="bench", min_width=400):
                videos = stage(shown, cards[shown.request.model] if shown else card)
                plots = charts(shown)

        with gr.Row(elem_id="lab"):
            lab(runner, cards, recordings, VISITORS, QUIET)

        with gr.Row(elem_id="compare"):
            compare_room(cards)

        with gr.Row(elem_id="runs"):
            room = runs_room(store, cards)

        endpoints(runner, cards, VISITORS)  # first, for its names

        def generate(tab: gr.Request, visitor: Any, reuse: bool, *values: Any) -> Iterator[Updates]:
            key = visitor_key(tab, runner.limits)
            yield from live(runner, cards, warmup.state, key, read_visitor(visitor), reuse, values)

        def open_run(picked: gr.EventData, tab: gr.Request) -> Updates:
            try:
                if runner.going(visitor_key(tab, runner.limits)):
                    raise ValueError("a run is going in this tab; stop it before opening another")
                run = store.get(*asked_run(picked))
                return [*reopen(run, cards, len(panels.shown)), gr.update(opened={"run": run.id, "at": time()})]
            except (ValueError, OSError) as error:
                answer = {"error": sentence(error), "at": time()}
                return [*[gr.skip()] * (len(panels.shown) + 4), gr.update(opened=answer)]

        def stop(visitor: gr.Request) -> None:
            runner.stop(visitor_key(visitor, runner.limits))

        def picked(model: str, *sizes: Any) -> Updates:
            size = read_size(cards[model], *sizes)
            refusal = missing(model, size) if model in CARDS else None
            said = gr.update(text=refusal or "", kind="error" if refusal else "info")
            state = "cannot run here" if refusal else warmup.state_of(model)
            return [gr.update(model=cards[model].title, state=state), said_props(cards[model], size), said]

        def share(*values: Any) -> Any:
            try:
                return gr.update(link=to_query(read_request(cards, *values)), error="", asked=time())
            except ValueError as error:
                return gr.update(error=sentence(error), asked=time())

        def restore(visitor: gr.Request) -> Updates:
            unchanged = [gr.skip()] * len(panels.shown)
            given = visitor.query_params.get(PARAMETER)
            if given is None:
                return [*unchanged, gr.skip()]
            try:
                return [*show_request(cards, from_query(given)), gr.skip()]
            except ValueError as error:
                text = f"{sentence(error)} The page has its usual settings."
                return [*unchanged, gr.update(text=text, kind="error")]

        def model_states() -> Iterator[Any]:
            for state in warmup.states():
                yield gr.update(state=state)

        gr.on(
            [panels.generate.click, panels.prompt.text.submit],
            generate,
            [room, panels.reuse, *panels.inputs],
            [videos, plots, panels.prompt.words, panels.message, panels.generate, panels.stop],
            trigger_mode="once",
            concurrency_limit=VISITORS,
            **QUIET,
        )
        outputs = [*panels.shown, videos, plots, panels.prompt.words, panels.message, room]
        room.select(open_run, None, outputs, **QUIET)
        panels.stop.click(stop, queue=False, **QUIET)
        page.unload(stop)
        page.load(model_states, outputs=status, concurrency_limit=None, **QUIET)
        page.load(restore, None, [*panels.shown, panels.message], queue=False, **QUIET)
        panels.share.click(share, panels.inputs, panels.share, queue=False, **QUIET)
        wire_controls(panels, cards, QUIET)
        gr.on(
            [choice.change for choice in (panels.model, *panels.size.inputs)],
            picked,
            [panels.model, *panels.size.inputs],
            [status, panels.size.said, panels.message],
            queue=False,
            **QUIET,
        )
    return page
