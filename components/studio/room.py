"""The Studio: controls on the left, both videos and the charts of their decisions on the right, and the wiring."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from time import time
from typing import Any

import gradio as gr

from app.common.sentences import sentence
from app.generation.request import Request
from app.lab.gallery import Gallery
from app.models.base import ModelCard
from app.models.doctor import missing
from app.models.registry import CARDS, device_of
from app.models.size import Size
from app.runs.codebooks import FOLDER, CodebookStore
from components.rooms import QUIET, VISITORS, Page, Room
from components.runs.panel import asked_run, asked_settings
from components.shared.visitors import address_of, visitor_of
from components.shared.warmup import LOADING
from components.shared.web import news
from components.studio.calibration import Calibrating
from components.studio.charts import charts
from components.studio.controls import Controls, card_of, controls, read_request, wire_controls
from components.studio.form import Form
from components.studio.gallery import asked_clip, gallery_panel
from components.studio.generate import Updates, ask_for, current, follow
from components.studio.ghost import Ghosts
from components.studio.opening import of_card, of_request, opened
from components.studio.reopening import reopen
from components.studio.share import to_query
from components.studio.size import ratio_props, read_size, said_props
from components.studio.video_panel import stage
from components.studio.view import recorded

MAX_PROMPTS = 1000  # of one file
KEEP_SETTINGS = "(...values) => window.dispatchEvent(new CustomEvent('adacache-settings', { detail: values }))"


@dataclass(frozen=True)
class Studio:
    """The Studio's panels; the gallery where there is one, with what it shows."""

    controls: Controls
    gallery: tuple[gr.HTML, Gallery] | None
    videos: gr.HTML
    charts: gr.HTML
    ghosts: Ghosts
    codebooks: CodebookStore


def build(page: Page) -> Studio:
    """The panels, showing the recorded run that ships with the Studio."""
    card = next(iter(page.cards.values()))
    motion = {model: known.motion for model, known in page.cards.items()}
    shown = recorded(page.first_run, motion) if page.first_run.is_dir() else None
    with gr.Column(elem_id="controls", scale=0, min_width=300):
        codebooks = CodebookStore(page.store.folder / FOLDER, page.store.public)
        panels = controls(card, page.cards, page.runner, codebooks)
    with gr.Column(elem_id="bench", min_width=400):
        of_run = page.cards[shown.request.model] if shown else card
        gallery = gallery_panel(page.gallery)
        videos = stage(shown, of_run, page.store)
        ghosts = Ghosts(page.store, page.cards, page.first_run)
        plots = charts(shown, of_run, ghosts)
    return Studio(panels, gallery, videos, plots, ghosts, codebooks)


def wire(page: Page) -> None:
    """Generate, Stop, the queue, the link, the model's state, and the runs that the Runs room opens here."""
    studio: Studio = page.built["studio"]
    panels, runs_panel = studio.controls, page.built["runs"]
    runner, cards, warmup, store = page.runner, page.cards, page.warmup, page.store
    drawn = [studio.videos, studio.charts, panels.prompt.words, panels.message]
    followed = [*drawn, panels.generate, panels.stop, panels.queue]
    inputs, shown = list(panels.inputs.values()), list(panels.shown.values())
    decisive = [panels.model, panels.inputs["image"], *panels.size.inputs.values()]
    asking = [runs_panel, panels.reuse, *inputs]
    calibrating = Calibrating(runner, cards, studio.codebooks)

    def generate(caller: gr.Request, visitor: Any, reuse: Any, *values: Any) -> Updates:
        return ask([Form.of(values)], visitor, reuse, caller)

    def generate_all(picked: gr.EventData, caller: gr.Request, visitor: Any, reuse: Any, *values: Any) -> Updates:
        prompts = getattr(picked, "prompts", None)
        prompts = prompts if isinstance(prompts, list) else []
        form = Form.of(values)
        return ask([replace(form, prompt=prompt) for prompt in prompts[:MAX_PROMPTS]], visitor, reuse, caller)

    def ask(forms: list[Form], visitor: Any, reuse: Any, caller: gr.Request) -> Updates:
        return ask_requests(lambda: [read_request(cards, form) for form in forms], visitor, reuse, caller)

    def run_it(picked: gr.EventData, caller: gr.Request, visitor: Any, reuse: Any) -> Updates:
        question = getattr(picked, "question", None)
        return ask_requests(lambda: [studio.ghosts.request(question)], visitor, reuse, caller)

    def ask_requests(read: Callable[[], list[Request]], visitor: Any, reuse: Any, caller: gr.Request) -> Updates:
        try:
            requests = read()
            for model, size, image in {(request.model, request.size, request.image) for request in requests}:
                card = card_of(cards, model)
                if refusal := unable(card, size) or card.image_refusal(image):  # keys ask too, not Generate alone
                    raise ValueError(refusal)
            said = ask_for(runner, visitor_of(visitor), requests, reuse is True, address_of(caller))
        except ValueError as error:
            return [gr.update(notice=sentence(error), notice_kind="error"), gr.skip()]
        return [gr.update(text=loading(), kind="info", notice=said, notice_kind="info"), gr.update(called=time())]

    def loading() -> str:
        return "Loading the model; the run starts when it is there." if warmup.state == LOADING else ""

    def follow_runs(asked: gr.EventData) -> Iterator[Updates]:
        yield from follow(runner, cards, visitor_of(getattr(asked, "visitor", None)))

    def stop(visitor: Any) -> None:
        if (ticket := current(runner, visitor_of(visitor))) is not None:
            runner.stop(ticket)

    def calibrate(asked: gr.EventData, caller: gr.Request, *values: Any) -> Iterator[Updates]:
        yield from calibrating.follow(getattr(asked, "question", None), Form.of(values), address_of(caller))

    def stop_calibrating(asked: gr.EventData) -> None:
        calibrating.stop(getattr(asked, "visitor", None))

    def enter(asked: gr.EventData) -> Updates:
        visitor = visitor_of(getattr(asked, "visitor", None))
        busy = current(runner, visitor) is not None
        given = {name: getattr(asked, name, None) for name in ("settings", "run", "remembered", "shown")}
        given["unread"] = ended.run if (ended := runner.unread(visitor)) else ""
        updates = opened(store, cards, visitor, given, busy)
        return [*updates, gr.update(opened=time())]

    def open_run(picked: gr.EventData) -> Updates:
        run_id, visitor = asked_run(picked)
        try:
            if current(runner, visitor) is not None:
                raise ValueError("the Studio shows your run that goes; stop it or wait for it to open another")
            if (settings := asked_settings(picked)) is not None:
                return [*of_card(store, cards, visitor, settings), gr.update(opened=news())]
            run = store.get(run_id, visitor)
            updates = reopen(run, cards)
            if (ended := runner.unread(visitor)) is not None:
                ended.read = True  # its late end would else cover what was opened
            return [*updates, gr.update(opened=news())]
        except (ValueError, OSError) as error:
            return [*[gr.skip()] * (len(shown) + len(drawn)), gr.update(opened=news(error=sentence(error)))]

    def open_clip(picked: gr.EventData) -> Updates:
        visitor = visitor_of(getattr(picked, "visitor", None))
        try:
            if current(runner, visitor) is not None:
                raise ValueError("the Studio shows your run that goes; stop it or wait for it to open a clip")
            assert studio.gallery
            return of_request(store, cards, visitor, asked_clip(studio.gallery[1], picked))
        except (ValueError, OSError) as error:
            said = gr.update(notice=sentence(error), notice_kind="error")
            return [*[gr.skip()] * (len(shown) + len(drawn) - 1), said]

    def picked(model: str, image: str, *sizes: Any) -> Updates:
        card = card_of(cards, model)
        size = read_size(card, *sizes)
        lacking = unable(card, size)
        state = "cannot run here" if lacking else warmup.state_of(model)
        refusal = lacking or card.image_refusal(image)
        return [
            gr.update(model=card.title, device=device_of(model), state=state),
            said_props(card, size),
            ratio_props(card, *sizes[:2]),
            gr.update(refusal=refusal and sentence(refusal)),
            gr.update(interactive=not refusal),
        ]

    def share(visitor: Any, *values: Any) -> Any:
        try:
            request = read_request(cards, Form.of(values))
        except ValueError as error:
            return gr.update(error=sentence(error), asked=time())
        run = store.find(request, visitor_of(visitor))
        return gr.update(link=to_query(request), run=run.id if run else "", error="", asked=time())

    presses = [panels.generate.click, panels.prompt.text.submit]
    gr.on(presses, generate, asking, [panels.message, panels.queue], queue=False, preprocess=False, **QUIET)
    panels.prompt.library.queue_prompts(
        generate_all, asking, [panels.message, panels.queue], queue=False, preprocess=False, **QUIET
    )
    studio.charts.run_it(
        run_it, [runs_panel, panels.reuse], [panels.message, panels.queue], queue=False, preprocess=False, **QUIET
    )
    panels.queue.follow(follow_runs, None, followed, trigger_mode="once", concurrency_limit=VISITORS, **QUIET)
    entered = panels.queue.enter(enter, None, [*shown, *drawn, panels.queue], queue=False, **QUIET)
    entered.then(None, inputs, None, js=KEEP_SETTINGS, **QUIET)
    changes = [item.change for item in inputs]  # type: ignore[attr-defined]  # all of them have it
    gr.on(changes, None, inputs, None, js=KEEP_SETTINGS, **QUIET)
    runs_panel.select(open_run, None, [*shown, *drawn, runs_panel], **QUIET)
    if studio.gallery is not None:
        studio.gallery[0].select(open_clip, None, [*shown, *drawn], **QUIET)
    panels.stop.click(stop, runs_panel, queue=False, **QUIET)
    panels.share.click(share, [runs_panel, *inputs], panels.share, queue=False, preprocess=False, **QUIET)
    made = [panels.calibrate, panels.inputs["codebook"]]
    panels.calibrate.calibrate(calibrate, inputs, made, concurrency_limit=VISITORS, preprocess=False, **QUIET)
    panels.calibrate.stop_calibrating(stop_calibrating, queue=False, **QUIET)
    wire_controls(panels, cards, QUIET)
    gr.on(
        [choice.change for choice in decisive],  # type: ignore[attr-defined]  # they have it
        picked,
        decisive,
        [page.header, panels.size.said, panels.size.inputs["aspect_ratio"], panels.message, panels.generate],
        queue=False,
        preprocess=False,
        **QUIET,
    )


def unable(card: ModelCard, size: Size | None) -> str:
    """Why a model cannot run here; nothing where it can."""
    return missing(card.id, size) or "" if card.id in CARDS else ""


ROOM = Room("studio", "Studio", 10, build, wire)
