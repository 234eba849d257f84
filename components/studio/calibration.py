"""Calibrate for this model: a press that has a codebook made with the settings of the Studio, followed to its end.

The codebook is kept for the visitor, offered among the presets and picked.
"""

from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import gradio as gr

from app.caching.methods.adacache import AdaCacheConfig
from app.common.sentences import sentence
from app.common.validation import as_whole, is_number
from app.generation.events import Failed, Loading, Stopped
from app.generation.request import Request
from app.jobs.calibration import BaselineStep, Calibrated, CalibrationEvent, CalibrationJob
from app.jobs.runner import JobRunner
from app.jobs.ticket import Room, Stopping, Waiting
from app.lab.model_calibration import Target, preset_name, preset_of, prompts_for
from app.lab.record import check_recordable
from app.models.base import ModelCard
from app.runs.codebooks import CodebookStore
from components.shared.codebook import codebook_props, preset_props
from components.shared.visitors import asker_of, visitor_of
from components.shared.web import news
from components.studio.controls import card_of, read_request
from components.studio.form import Form
from components.studio.queue import runs_first

ROOM: Room = "calibration"
MAX_TYPED = 20_000  # characters of all prompts together
Shown = dict[str, Any]
Updates = list[Any]  # for: this panel, the codebook panel


@dataclass(frozen=True)
class Calibrating:
    """What a press needs of the page; `follow` answers it."""

    runner: JobRunner
    cards: Mapping[str, ModelCard]
    codebooks: CodebookStore

    def follow(self, asked: object, form: Form, address: str) -> Generator[Updates]:
        """Ask for a calibration and tell how it goes, to its end."""
        visitor = asker_of(asked)
        try:
            request, job = asked_for(self.cards, asked, form)
            self.runner.limits.check_baselines(len(job.prompts))
            yield _told("running", "Waiting for the model")
            ticket = self.runner.submit(
                visitor, request, self._keeping(job, visitor), room=ROOM, address=address, sides=("baseline",)
            )
        except ValueError as error:
            yield _told("failed", sentence(error))
            return
        with closing(self.runner.events(ticket)) as news:
            for batch in news:
                yield self._update(batch[-1], visitor)

    def stop(self, visitor: object) -> None:
        """End the visitor's calibrations."""
        for ticket in self.runner.queue.of(visitor_of(visitor)):
            if ticket.room == ROOM:
                self.runner.stop(ticket)

    def _keeping(self, job: CalibrationJob, visitor: str) -> "Keeping":
        return Keeping(job, self.codebooks, visitor)

    def _update(self, event: object, visitor: str) -> Updates:
        match event:
            case Waiting():
                return _told("running", f"{runs_first(event.ahead)}; this one starts by itself.")
            case Loading():
                return _told("running", f"{event.message}.")
            case BaselineStep():
                return _told("running", f"Recording, step {event.made} of {event.of}", event.made / event.of)
            case Stopping():
                return _told("running", "Stopping")
            case Stopped():
                return _told("stopped", "Stopped; no codebook was made.")
            case Failed():
                return _told("failed", sentence(event.message))
            case Calibrated():
                newest = self.codebooks.presets(visitor)[0]
                told, _ = _told("done", f"Made and picked: {newest.title}.")
                offered = preset_props(self.codebooks.presets(visitor))
                return [told, gr.update(value=codebook_props(newest.codebook), presets=offered)]
            case _:
                return [gr.skip(), gr.skip()]


@dataclass(frozen=True)
class Keeping:
    """A calibration whose codebook is kept where it is made, as nobody may be looking any more."""

    job: CalibrationJob
    codebooks: CodebookStore
    visitor: str

    def __call__(self, *arguments: Any, **options: Any) -> Generator[CalibrationEvent]:
        for event in self.job(*arguments, **options):
            if isinstance(event, Calibrated):
                now = datetime.now()
                made = preset_of(event.found, self.job.card, event.recordings, now)
                self.codebooks.add(preset_name(self.job.card, event.recordings, now), made, self.visitor)
            yield event


def asked_for(cards: Mapping[str, ModelCard], asked: object, form: Form) -> tuple[Request, CalibrationJob]:
    """The request of the first prompt and the job; a ValueError says what is wrong with the settings."""
    card = card_of(cards, form.model)
    check_recordable(card)
    typed, wished = _field(asked, "prompts", str), _field(asked, "wished", object)
    if len(typed) > MAX_TYPED:
        raise ValueError(f"the prompts have {len(typed)} characters; at most {MAX_TYPED} are accepted")
    prompts = prompts_for(card, typed.splitlines())
    request = read_request(cards, replace(form, prompt=prompts[0]))
    if request.adacache is None:
        raise ValueError("a codebook is for AdaCache; choose it as the method")
    if changed := str(request.settings()):
        raise ValueError(f"a recording keeps the model's own settings only; these are {changed}")
    if not is_number(wished):
        raise ValueError("enter how many steps are to be computed")
    target = Target(computed=float(as_whole(wished)))  # type: ignore[arg-type]  # a number
    target.check(len(prompts), request.steps)
    return replace(request, method=_probing(request.adacache)), CalibrationJob(card, prompts, target)


def _probing(method: AdaCacheConfig) -> AdaCacheConfig:
    """What is measured, without codebook, motion and reuse that the settings happen to have."""
    return replace(method, motion=None, made_for=None, reuse="hold", solver="own")


def _told(state: str, text: str, share: float = 0.0) -> Updates:
    return [gr.update(made=news(state=state, text=text, share=share)), gr.skip()]


def _field(asked: object, name: str, kind: type) -> Any:
    if not isinstance(asked, dict) or not isinstance(asked.get(name), kind):
        raise ValueError("the page does not fit this server; reload it")
    return asked[name]
