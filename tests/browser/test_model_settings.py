"""Model settings in a browser: shown where the model has them, as published, and restored by a link."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.models.registry import CARDS
from components.page import build
from components.studio.share import from_query
from tests.browser.conftest import TIMEOUT, TINY
from tests.browser.test_controls import TOP_OF_MODEL
from tests.support.entry import load_entry
from tests.support.tiny import TinyVideoModel

SHOWN = {  # model, and which of the fields
    "Wan 2.1 1.3B": ("#negative-prompt", "#precision", "#flow-shift"),
    "CogVideoX-2B": ("#negative-prompt", "#precision"),
    "Open-Sora 1.2": ("#precision",),
}


@pytest.fixture
def page(browser: Browser, first_run: Path, recordings: Path, tmp_path: Path) -> Iterator[Page]:
    cards = {"tiny": TINY, **{id: CARDS[id] for id in ("wan-2.1-1.3b", "cogvideox-2b", "open-sora-1.2")}}
    demo = build(tmp_path / "runs", cards, lambda _: TinyVideoModel(), first_run, recordings)
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(TIMEOUT)
    visit(page, load_entry().launch(demo, "127.0.0.1", None, wait=False))
    yield page
    context.close()
    demo.close()


def visit(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector(".plots[data-ready=true]")
    page.wait_for_selector(".panel-queue[data-ready=true]", state="attached")


def test_generate_is_inactive_for_a_model_that_cannot_run_here(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    refusal, none_here = page.locator("#message .message-refusal"), "cannot run here: PyTorch finds no GPU."
    top = page.evaluate(TOP_OF_MODEL)
    pick(page, "#model", "CogVideoX-2B")
    expect(refusal).to_have_text(f"CogVideoX-2B {none_here}")
    expect(page.locator("#generate")).to_be_disabled()
    page.press("#prompt textarea", "Shift+Enter")  # asks as the button would
    expect(page.locator("#message .message-notice")).to_have_text(f"CogVideoX-2B {none_here}")
    pick(page, "#model", "Open-Sora 1.2")
    expect(refusal).to_have_text(f"Open-Sora 1.2 {none_here}")
    assert page.evaluate(TOP_OF_MODEL) == top
    pick(page, "#model", "Tiny")
    expect(refusal).to_have_text("")
    expect(page.locator("#generate")).to_be_enabled()


def pick(page: Page, label: str, option: str) -> None:
    page.click(f"{label} input")
    page.get_by_role("option", name=option, exact=True).click()


def unfold(page: Page) -> None:
    """Another model's settings are folded when they come."""
    label = page.locator("#model-settings .label-wrap")
    expect(label).not_to_have_class(re.compile(r"\bopen\b"))
    label.click()


def test_fields_follow_the_model_and_a_link_restores_them(page: Page) -> None:
    expect(page.locator("#model-settings")).to_have_count(0)
    pick(page, "#model", "Wan 2.1 1.3B")
    unfold(page)
    expect(page.locator("#negative-prompt textarea")).to_have_value(CARDS["wan-2.1-1.3b"].negative_prompt or "")
    expect(page.locator("#flow-shift input")).to_have_value("3")
    for number, (model, fields) in enumerate(SHOWN.items()):
        if number:
            pick(page, "#model", model)
            unfold(page)
        for name in SHOWN["Wan 2.1 1.3B"]:
            expect(page.locator(name)).to_be_visible(visible=name in fields)
    pick(page, "#model", "Wan 2.1 1.3B")
    unfold(page)
    page.fill("#negative-prompt textarea", "blurry")
    page.fill("#flow-shift input", "5.5")
    pick(page, "#precision", "float32")
    page.click("#copy-link")
    page.wait_for_function("document.getElementById('share-link').value !== ''")
    link = page.input_value("#share-link")
    assert from_query(link.split("settings=")[1].split("&")[0]).settings().given == {
        "negative_prompt": "blurry",
        "precision": "float32",
        "flow_shift": 5.5,
    }
    visit(page, link)  # settings of one's own are unfolded
    expect(page.locator("#negative-prompt textarea")).to_have_value("blurry")
    expect(page.locator("#precision input")).to_have_value("float32")
    expect(page.locator("#flow-shift input")).to_have_value("5.5")
