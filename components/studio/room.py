"""The Studio: controls on the left, both videos and the charts of their decisions on the right, and the wiring."""

from collections.abc import Iterator
from dataclasses import dataclass
from time import time
from typing import Any

import gradio as gr

from app.common.sentences import sentence
from app.models.doctor import missing
from app.models.registry import CARDS
from app.runs.store import read_visitor
from components.rooms import QUIET, VISITORS, Page, Room
from components.runs.panel import asked_run
from components.shared.visitors import visitor_key
from components.studio.charts import charts
from components.studio.controls import Controls, controls, read_request, show_request, wire_controls
from components.studio.generate import Updates, live
from components.studio.reopening import reopen
from components.studio.share import PARAMETER, from_query, to_query
from components.studio.size import read_size, said_props
from components.studio.video_panel import stage
from components.studio.view import recorded


@dataclass(frozen=True)
class Studio:
    """The Studio's panels."""

    controls: Controls
    videos: gr.HTML
    charts: gr.HTML


def build(page: Page) -> Studio:
    """The panels, showing the recorded run that ships with the Studio."""
    card = next(iter(page.cards.values()))
    shown = recorded(page.first_run) if page.first_run.is_dir() else None
    with gr.Column(elem_id="controls", scale=0, min_width=300):
        panels = controls(card, page.cards)
    with gr.Column(elem_id="bench", min_width=400):
        videos = stage(shown, page.cards[shown.request.model] if shown else card)
        plots = charts(shown)
    return Studio(panels, videos, plots)


def wire(page: Page) -> None:
    """Generate, Stop, the link, the model's state, and the runs that the Runs room opens here."""
    studio: Studio = page.built["studio"]
    panels, runs_panel = studio.controls, page.built["runs"]
    runner, cards, warmup = page.runner, page.cards, page.warmup
    drawn = [studio.videos, studio.charts, panels.prompt.words, panels.message]

    def generate(tab: gr.Request, visitor: Any, reuse: bool, *values: Any) -> Iterator[Updates]:
        key = visitor_key(tab, runner.limits)
        yield from live(runner, cards, warmup.state, key, read_visitor(visitor), reuse, values)

    def open_run(picked: gr.EventData, tab: gr.Request) -> Updates:
        try:
            if runner.going(visitor_key(tab, runner.limits)):
                raise ValueError("a run is going in this tab; stop it before opening another")
            run = page.store.get(*asked_run(picked))
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

    gr.on(
        [panels.generate.click, panels.prompt.text.submit],
        generate,
        [runs_panel, panels.reuse, *panels.inputs],
        [*drawn, panels.generate, panels.stop],
        trigger_mode="once",
        concurrency_limit=VISITORS,
        **QUIET,
    )
    runs_panel.select(open_run, None, [*panels.shown, *drawn, runs_panel], **QUIET)
    panels.stop.click(stop, queue=False, **QUIET)
    page.blocks.unload(stop)
    page.blocks.load(restore, None, [*panels.shown, panels.message], queue=False, **QUIET)
    panels.share.click(share, panels.inputs, panels.share, queue=False, **QUIET)
    wire_controls(panels, cards, QUIET)
    gr.on(
        [choice.change for choice in (panels.model, *panels.size.inputs)],
        picked,
        [panels.model, *panels.size.inputs],
        [page.header, panels.size.said, panels.message],
        queue=False,
        **QUIET,
    )


ROOM = Room("studio", "Studio", 10, build, wire)
