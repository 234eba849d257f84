"""What a codebook was made for, said beside its name before a run where the chosen settings are others."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.caching.methods.adacache import AdaCacheConfig
from app.common.validation import as_whole
from app.generation.run_notes import before_run
from app.models.base import ModelCard
from components.studio.form import Form
from components.studio.method import read_method


def fit_of(cards: Mapping[str, ModelCard], asked: object) -> dict[str, Any]:
    """The sentence, empty where the codebook fits; asked: "settings", all controls' values, and "codebook".

    A ValueError where the settings cannot be run, which is said when they are.
    """
    if not isinstance(asked, dict) or not isinstance(asked.get("settings"), list):
        raise ValueError("the page does not fit this server; reload it")
    form = replace(Form.of(asked["settings"]), codebook=asked.get("codebook"))
    steps = as_whole(form.steps)
    if not isinstance(form.model, str) or form.model not in cards or not isinstance(steps, int):
        raise ValueError("the settings are not whole yet")
    method = read_method(cards[form.model], form)
    return {"said": before_run(method, form.model, steps) if isinstance(method, AdaCacheConfig) else ""}
