"""The prompt, a library to fill it from, a random one, and which of its words the model understands."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.common.validation import text
from app.generation.request import MAX_NAME, MAX_PROMPT
from app.models.base import ModelCard
from app.models.prompts import library, surprise, words
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
    return PromptPanel(
        text, shelf, panel("studio/prompt-words", "words", **words_props(card.id, card.example_prompts[0]))
    )


def wire_prompt(built: PromptPanel, model: gr.Dropdown, quiet: dict[str, Any]) -> None:
    """The library and the dice fill the prompt; the words follow what is typed."""

    def chosen(picked: gr.EventData) -> str:
        prompt = getattr(picked, "prompt", None)
        text("the prompt", prompt, MAX_PROMPT)
        return str(prompt)

    def follow(prompt: Any, model: Any) -> Any:
        text("the prompt", prompt or "", MAX_PROMPT)
        text("the model", model, MAX_NAME)
        return gr.update(**words_props(model, prompt or ""))

    def typed(prompt: Any, model: Any) -> Any:
        """The same, but what an opened run told of its prompt stays where the model reads any text."""
        shown = follow(prompt, model)
        return gr.skip() if words(model, prompt or "") is None else shown

    built.library.select(chosen, None, built.text, **quiet)
    built.library.click(lambda: surprise(), None, built.text, **quiet)
    for event, answer in ((built.text.change, typed), (model.change, follow)):
        event(answer, [built.text, model], built.words, trigger_mode="always_last", **quiet)


def group_props(card: ModelCard) -> list[dict[str, Any]]:
    """The library as its script lists it: under each prompt, what a closed vocabulary understands of it."""
    return [
        {
            "title": group.title,
            "prompts": [{"text": prompt, "known": _known(card.id, prompt)} for prompt in group.prompts],
        }
        for group in library(card)
    ]


def words_props(model: str, prompt: str) -> dict[str, Any]:
    """What the words panel shows of a prompt that is not run yet."""
    found = words(model, prompt)
    if found is None:
        return {"understood": [], "ignored": []}
    return {"understood": [list(pair) for pair in found.understood], "ignored": list(found.ignored)}


def _known(model: str, prompt: str) -> list[str] | None:
    found = words(model, prompt)
    return None if found is None else list(dict.fromkeys(text for text, _ in found.understood))
