"""The prompt, a library to fill it from, a random one, and which of its words the model understands."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.common.validation import text
from app.generation.request import MAX_NAME, MAX_PROMPT
from app.models.base import ModelCard
from app.models.prompts import Words, library, surprise, words
from components.shared.web import panel


@dataclass(frozen=True)
class PromptPanel:
    """Its components."""

    text: gr.Textbox
    library: gr.HTML
    words: gr.HTML


def prompt_panel(card: ModelCard) -> PromptPanel:
    """Build it with the model's first example as the prompt."""
    text = gr.Textbox(
        card.example_prompts[0],
        label="Prompt",
        lines=2,
        max_lines=2,
        max_length=MAX_PROMPT,
        elem_id="prompt",
        placeholder="what moves, how, over what",
    )
    shelf = panel("studio/prompt-library", "library", events=("queue_prompts",), groups=group_props(card))
    line = panel("studio/prompt-words", "words", **foreseen(card.id, card.example_prompts[0]))
    return PromptPanel(text, shelf, line)


def wire_prompt(built: PromptPanel, model: gr.Dropdown, quiet: dict[str, Any]) -> None:
    """The library and the dice fill the prompt; the words follow what is typed."""

    def chosen(picked: gr.EventData) -> str:
        prompt = getattr(picked, "prompt", None)
        text("the prompt", prompt, MAX_PROMPT)
        return str(prompt)

    def follow(prompt: Any, model: Any, shown: Any) -> Any:
        """What the model will make of the prompt; what a run told of this very prompt stays."""
        text("the prompt", prompt or "", MAX_PROMPT)
        text("the model", model, MAX_NAME)
        asked = foreseen(model, prompt or "")
        return gr.skip() if shown == asked["value"] else gr.update(**asked)

    built.library.select(chosen, None, built.text, **quiet)
    built.library.click(lambda: surprise(), None, built.text, **quiet)
    for event in (built.text.change, model.change):
        event(follow, [built.text, model, built.words], built.words, trigger_mode="always_last", **quiet)


def group_props(card: ModelCard) -> list[dict[str, Any]]:
    """The library as its script lists it: under each prompt, what a closed vocabulary understands of it."""
    return [
        {
            "title": group.title,
            "prompts": [{"text": prompt, "known": _known(card.id, prompt)} for prompt in group.prompts],
        }
        for group in library(card)
    ]


def foreseen(model: str, prompt: str) -> dict[str, Any]:
    """What the words panel shows of a prompt that is not run yet."""
    found = words(model, prompt) or Words((), ())
    return told(model, prompt, found.understood, found.ignored)


def told(model: str, prompt: str, understood: Iterable[tuple[str, str]], ignored: Iterable[str]) -> dict[str, Any]:
    """What the words panel shows of a prompt; its value says of which, and which model reads it."""
    pairs = [list(pair) for pair in understood]
    return {"value": [model, prompt], "understood": pairs, "ignored": list(ignored)}


def _known(model: str, prompt: str) -> list[str] | None:
    found = words(model, prompt)
    return None if found is None else list(dict.fromkeys(text for text, _ in found.understood))
