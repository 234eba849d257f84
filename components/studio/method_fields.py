"""The settings of the chosen method as labelled fields; AdaCache has none of them but controls of its own.

The fields live in the browser; what was typed arrives as JSON, and the method's dataclass checks it.
"""

from typing import Any

import gradio as gr

from app.caching.fields import form_of
from app.caching.method import Method, MethodKind
from app.caching.names import named_method
from app.caching.registry import kind_of, kinds, method_from_json, method_to_json, published
from app.common.validation import shown
from app.models.base import ModelCard
from components.shared.web import panel

SHARED = ("name", "reuse", "solver")  # of a method as JSON: what other controls say
MAX_FIELDS = 50


def method_fields(card: ModelCard, chosen: str) -> gr.HTML:
    """The panel; its value is what the fields hold, and of which choice of a method."""
    return panel("studio/method-fields", "method-fields", **fields_props(card, chosen))


def fields_props(card: ModelCard, chosen: str, method: Method | None = None) -> dict[str, Any]:
    """The fields of a choice, filled in as it comes or with the settings of a method."""
    kind = kind_chosen(card, chosen)
    if not kind.fields:
        return {"fields": [], "value": {"of": chosen, "settings": {}}}
    written = method_to_json(method or as_it_comes(card, chosen))
    settings = {name: value for name, value in written.items() if name not in SHARED}
    return {"fields": form_of(kind.config, kind.fields), "value": {"of": chosen, "settings": settings}}


def read_fields(card: ModelCard, chosen: str, value: object) -> Method:
    """The method of a choice with the settings of its fields; as it comes where other fields are still shown."""
    kind = kind_chosen(card, chosen)
    given = value.get("settings") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(given, dict) or len(given) > MAX_FIELDS:
        raise ValueError("the page does not fit this server; reload it")
    if value.get("of") != chosen or not kind.fields:
        return as_it_comes(card, chosen)
    for field in form_of(kind.config, kind.fields):
        if given.get(field["name"]) is None and not field.get("optional"):
            raise ValueError(f"{kind.title}: {field['label']} is empty; enter a number")
    if strange := set(given) - {field.name for field in kind.fields}:
        raise ValueError(f"{kind.title} has no setting {shown(min(map(str, strange)))}")
    return method_from_json({"name": kind.name, **given})


def kind_chosen(card: ModelCard, chosen: str) -> MethodKind:
    """The kind of a choice, which is a published setting or a kind; a ValueError for any other word."""
    if chosen in (settings := published(card.id)):
        return kind_of(settings[chosen].method)
    if chosen not in kinds():
        raise ValueError(f"no method {shown(chosen)} for {card.title}; choose one of the list")
    return kinds()[chosen]


def as_it_comes(card: ModelCard, chosen: str) -> Method:
    """A choice's method before anything is changed: as published for the model, or with its own defaults."""
    if chosen in (settings := published(card.id)):
        return settings[chosen].method
    kind = kinds()[chosen]
    if kind.setting:
        return named_method(chosen, card.id)
    return method_from_json({"name": chosen, **(kind.start(card.steps) if kind.start else {})})
