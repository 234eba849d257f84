"""The Codebook Lab's panel and its wiring: questions are answered at once, runs go through the job runner.

Questions are server functions of the panel and change nothing, so a drag never competes with a stream of updates;
Run it and Record are events, whose generators write the panel's `real` and `recorded`; another hands a painted
schedule to the Studio.
"""

from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from app.common.sentences import sentence
from app.generation.trace import SIDES, Side
from components.lab.jobs import RECORDED, painted_request, record_it, run_it
from components.lab.painting import Painting
from components.lab.queries import Answers
from components.lab.recordings import Library
from components.lab.selection import name_of
from components.lab.worth import Worth
from components.rooms import QUIET, VISITORS, Page, Room
from components.shared.visitors import address_of, asker_of, visitor_of
from components.shared.web import answered, news, panel
from components.studio.controls import show_request

Question = Callable[[Any], dict[str, Any]]


def build(page: Page) -> gr.HTML:
    """Build and wire the panel; it stays empty until it is opened."""
    runner, cards = page.runner, page.cards
    library = library_of(page)
    card = next(iter(cards.values()))
    built = panel(
        "lab/lab",
        "lab-panel",
        events=("hand_over",),
        server_functions=_questions(Answers(library, cards)),
        model=card.title,
        prompt=card.example_prompts[0],
        real={},
        recorded={},
        handed={},
    )

    def run(asked: gr.EventData, caller: gr.Request) -> Iterator[Any]:
        for shown in run_it(runner, cards, library, address_of(caller), question_of(asked)):
            yield gr.update(real=news(**shown))

    def record(asked: gr.EventData, caller: gr.Request) -> Iterator[Any]:
        for shown in record_it(runner, cards, library, address_of(caller), question_of(asked)):
            yield gr.update(recorded=news(**shown))

    def stop(asked: gr.EventData, sides: tuple[Side, ...]) -> None:
        for ticket in runner.queue.of(visitor_of(getattr(asked, "visitor", None))):
            if ticket.room == "lab" and ticket.progress.sides == sides:
                runner.stop(ticket)

    def stop_run(asked: gr.EventData) -> None:
        stop(asked, SIDES)

    def stop_recording(asked: gr.EventData) -> None:
        stop(asked, RECORDED)

    built.submit(run, None, built, concurrency_limit=VISITORS, **QUIET)
    built.start_recording(record, None, built, concurrency_limit=VISITORS, **QUIET)
    built.stop(stop_run, queue=False, **QUIET)
    built.stop_recording(stop_recording, queue=False, **QUIET)
    return built


def wire(page: Page) -> None:
    """A painted schedule fills the Studio's controls."""
    built, shown = page.built["lab"], list(page.built["studio"].controls.shown.values())
    library = library_of(page)

    def hand_over(asked: gr.EventData) -> list[Any]:
        try:
            settings = show_request(page.cards, painted_request(question_of(asked), library, page.cards))
        except ValueError as error:
            return [*[gr.skip()] * len(shown), gr.update(handed=news(error=sentence(error)))]
        return [*settings, gr.update(handed=news(error=""))]

    built.hand_over(hand_over, None, [*shown, built], **QUIET)


def library_of(page: Page) -> Library:
    """The recordings of a page."""
    return Library(page.recordings, page.store.folder / "recordings", page.store.public)


def question_of(asked: gr.EventData) -> object:
    """What a press in the panel asks for; none if it says nothing."""
    return getattr(asked, "question", None)


def _questions(answers: Answers) -> list[Question]:
    library = answers.library
    painting = Painting(library, answers.pictures, answers.turns)
    adapting = Worth(library, answers.cards, answers.pictures, answers.turns)

    def opening(asked: Any) -> dict[str, Any]:
        return answered(answers.opening, asked)

    def measured(asked: Any) -> dict[str, Any]:
        return answered(answers.measured, asked)

    def simulated(asked: Any) -> dict[str, Any]:
        return answered(answers.simulated, asked)

    def painted(asked: Any) -> dict[str, Any]:
        return answered(painting.painted, asked)

    def filled(asked: Any) -> dict[str, Any]:
        return answered(painting.filled, asked)

    def kept(asked: Any) -> dict[str, Any]:
        return answered(painting.kept, asked)

    def schedule(asked: Any) -> dict[str, Any]:
        return answered(painting.schedule, asked)

    def rescaled(asked: Any) -> dict[str, Any]:
        return answered(answers.rescaled, asked)

    def front(asked: Any) -> dict[str, Any]:
        return answered(answers.front, asked)

    def calibrated(asked: Any) -> dict[str, Any]:
        return answered(answers.calibrated, asked)

    def fitted(asked: Any) -> dict[str, Any]:
        return answered(answers.fitted, asked)

    def figure(asked: Any) -> dict[str, Any]:
        return answered(answers.figure, asked)

    def uploaded(asked: Any) -> dict[str, Any]:
        return answered(lambda asked: {"added": library.upload(asked, asker_of(asked))}, asked)

    def deleted(asked: Any) -> dict[str, Any]:
        return answered(lambda asked: library.delete(name_of(asked), asker_of(asked)), asked)

    def restored(asked: Any) -> dict[str, Any]:
        return answered(lambda asked: library.restore(name_of(asked), asker_of(asked)), asked)

    def worth(asked: Any) -> dict[str, Any]:
        return answered(adapting.worth, asked)

    painted_ones = [painted, filled, kept, schedule]
    return [
        *painted_ones,
        worth,
        opening,
        measured,
        simulated,
        rescaled,
        front,
        calibrated,
        fitted,
        figure,
        uploaded,
        deleted,
        restored,
    ]


ROOM = Room("lab", "Codebook Lab", 20, build, wire)
