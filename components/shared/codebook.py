"""The codebook panel: a table of thresholds and rates, which are also dragged on the distance plot.

The rows live in the browser and are what a run takes; they arrive as typed and are checked as a run checks them.
"""

from collections.abc import Callable, Iterable
from typing import Any

import gradio as gr

from app.caching.codebook import Codebook, Preset, parse_codebook, presets, read_made_for
from app.common.validation import as_whole, is_number
from app.models.registry import CARDS
from app.runs.codebooks import CodebookStore
from components.shared.visitors import asker_of
from components.shared.web import answered, panel

MAX_CHARACTERS = 20_000
MAX_ENTERED = 1000  # rows, before a codebook says how many it may have
Rows = dict[str, Any]  # {"thresholds": [...], "rates": [...]}, with what it was made for, as far as that is known


def codebook_panel(preset: str, unlike: Callable[[Any], dict[str, Any]], kept: CodebookStore) -> gr.HTML:
    """The panel with a preset picked; the visitor's own come when the page is opened.

    `unlike` answers how the controls' settings differ from those a codebook was made for.
    """
    return panel(
        "studio/codebook",
        "codebook",
        server_functions=[checked, parsed, unlike, *_questions(kept)],
        value=codebook_props(presets()[preset].codebook),
        presets=preset_props(),
    )


def codebook_props(codebook: Codebook) -> Rows:
    """A codebook as two columns."""
    return {"thresholds": list(codebook.thresholds), "rates": list(codebook.rates), **codebook.made_for()}


def preset_props(own: Iterable[Preset] = ()) -> list[dict[str, Any]]:
    """A visitor's own codebooks and every one of assets/codebooks, as the tables list them."""
    offered = [(preset, True) for preset in own] + [(preset, False) for preset in presets().values()]
    return [
        {
            "id": preset.id,
            "title": preset.title,
            "own": mine,
            "group": "Calibrated here" if mine else _models(preset.codebook),
            "made_for": f"Made for {_models(preset.codebook)}{_steps(preset.codebook)}",
            "source": preset.source,
            **codebook_props(preset.codebook),
        }
        for preset, mine in offered
    ]


def read_codebook(asked: object) -> Codebook:
    """The codebook of a table's rows; a ValueError says in which row it is wrong."""
    thresholds = []
    for row, threshold in enumerate(_column(asked, "thresholds"), start=1):
        if not is_number(threshold):
            raise ValueError(f"the threshold in row {row} is not a number")
        thresholds.append(float(threshold))
    rates = [as_whole(rate) for rate in _column(asked, "rates")]
    for row, rate in enumerate(rates, start=1):
        if not is_number(rate):
            raise ValueError(f"the rate in row {row} is not a number")
    made_for = read_made_for(asked) if isinstance(asked, dict) else {}
    return Codebook(tuple(thresholds), tuple(rates), **made_for)  # type: ignore[arg-type]  # checked above


def checked(asked: Any) -> dict[str, Any]:
    """What is wrong with rows as they stand; an empty sentence where nothing is."""

    def answer(rows: Any) -> dict[str, Any]:
        read_codebook(rows)
        return {"error": ""}

    return answered(answer, asked)


def parsed(asked: Any) -> dict[str, Any]:
    """The rows of a codebook pasted or uploaded as JSON."""

    def answer(given: Any) -> dict[str, Any]:
        text = given.get("text") if isinstance(given, dict) else None
        if not isinstance(text, str) or len(text) > MAX_CHARACTERS:
            raise ValueError(f"a codebook is JSON text of at most {MAX_CHARACTERS} characters")
        return dict(codebook_props(parse_codebook(text)))

    return answered(answer, asked)


def _questions(kept: CodebookStore) -> list[Any]:
    def listed(asked: Any) -> dict[str, Any]:
        return {"presets": preset_props(kept.presets(asker_of(asked)))}

    def offered(asked: Any) -> dict[str, Any]:
        return answered(listed, asked)

    def deleted(asked: Any) -> dict[str, Any]:
        def answer(asked: Any) -> dict[str, Any]:
            kept.delete(_name(asked), asker_of(asked))
            return listed(asked)

        return answered(answer, asked)

    def restored(asked: Any) -> dict[str, Any]:
        def answer(asked: Any) -> dict[str, Any]:
            kept.restore(_name(asked), asker_of(asked))
            return listed(asked)

        return answered(answer, asked)

    return [offered, deleted, restored]


def _name(asked: object) -> object:
    return asked.get("id") if isinstance(asked, dict) else None


def _models(codebook: Codebook) -> str:
    return " and ".join(CARDS[m].title if m in CARDS else m for m in codebook.models) or "any model"


def _steps(codebook: Codebook) -> str:
    return "" if codebook.steps is None else f" at {codebook.steps} steps"


def _column(asked: object, name: str) -> list[Any]:
    column = asked.get(name) if isinstance(asked, dict) else None
    if not isinstance(column, list) or len(column) > MAX_ENTERED:
        raise ValueError("the page does not fit this server; reload it")
    return column
