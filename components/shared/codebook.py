"""The codebook panel: a table of thresholds and rates, which are also dragged on the distance plot.

The rows live in the browser and are what a run takes; they arrive as typed and are checked as a run checks them.
"""

from collections.abc import Callable
from typing import Any

import gradio as gr

from app.caching.codebook import Codebook, parse_codebook, presets
from app.common.validation import as_whole, is_number
from components.shared.web import answered, panel

MAX_CHARACTERS = 20_000
MAX_ENTERED = 1000  # rows, before a codebook says how many it may have
Rows = dict[str, Any]  # {"thresholds": [...], "rates": [...]}, with "steps" and "models" it was made for, if known


def codebook_panel(preset: str, unlike: Callable[[Any], dict[str, Any]]) -> gr.HTML:
    """The panel with a preset picked; `unlike` answers how the controls' settings differ from its own."""
    return panel(
        "studio/codebook",
        "codebook",
        server_functions=[checked, parsed, unlike],
        value=codebook_props(presets()[preset].codebook),
        presets=preset_props(),
    )


def codebook_props(codebook: Codebook) -> Rows:
    """A codebook as two columns."""
    rows: Rows = {"thresholds": list(codebook.thresholds), "rates": list(codebook.rates)}
    made_for = {"steps": codebook.steps, "models": list(codebook.models)}
    return {**rows, **{name: value for name, value in made_for.items() if value}}


def preset_props() -> list[dict[str, Any]]:
    """Every codebook of assets/codebooks, as the tables list them."""
    return [{"id": p.id, "title": p.title, **codebook_props(p.codebook)} for p in presets().values()]


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
    steps, models = (asked.get("steps"), asked.get("models") or []) if isinstance(asked, dict) else (None, [])
    if not isinstance(models, list):
        raise ValueError("the page does not fit this server; reload it")
    return Codebook(tuple(thresholds), tuple(rates), as_whole(steps), tuple(models))  # type: ignore[arg-type]


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


def _column(asked: object, name: str) -> list[Any]:
    column = asked.get(name) if isinstance(asked, dict) else None
    if not isinstance(column, list) or len(column) > MAX_ENTERED:
        raise ValueError("the page does not fit this server; reload it")
    return column
