"""Model settings and images in a browser: shown where the model has them, as published, and restored by a link."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from app.generation.images import write_picture
from app.generation.presets import PRESETS
from app.generation.request import Request
from app.models.base import VideoModel
from app.models.registry import CARDS
from app.runs.store import RunStore
from components.page import build
from components.studio.share import from_query
from tests.browser.conftest import TIMEOUT, TINY
from tests.browser.test_controls import TOP_OF_MODEL
from tests.support.entry import load_entry
from tests.support.illustrated import FROM_IMAGE, ILLUSTRATED, IllustratedModel, gradient
from tests.support.tiny import TinyVideoModel

SHOWN = {  # model, and which of the fields
    "Wan 2.1 1.3B": ("#negative-prompt", "#precision", "#flow-shift"),
    "CogVideoX-2B": ("#negative-prompt", "#precision"),
    "Open-Sora 1.2": ("#precision",),
}


@dataclass(frozen=True)
class Served:
    """A page of several models that is being visited, and the runs it makes."""

    page: Page
    address: str
    runs: Path


@pytest.fixture(scope="module")
def served(
    browser: Browser, first_run: Path, recordings: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    known = {id: CARDS[id] for id in ("wan-2.1-1.3b", "cogvideox-2b", "open-sora-1.2")}
    cards = {"tiny": TINY, **known, "illustrated": ILLUSTRATED, "from-image": FROM_IMAGE}
    runs = tmp_path_factory.mktemp("settings") / "runs"

    def load(model: str) -> VideoModel:
        return IllustratedModel(cards[model]) if cards[model].images else TinyVideoModel()

    demo = build(runs, cards, load, first_run, recordings)
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(TIMEOUT)
    address = load_entry().launch(demo, "127.0.0.1", None, wait=False)
    visit(page, address)
    yield Served(page, address, runs)
    context.close()
    demo.close()


def visit(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector(".plots[data-ready=true]")
    page.wait_for_selector(".panel-queue[data-ready=true]", state="attached")


def test_generate_is_inactive_for_a_model_that_cannot_run_here(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = served.page
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


def link_to_settings(page: Page) -> str:
    page.locator("#share-link").evaluate("field => (field.value = '')")
    page.click("#copy-link")
    page.wait_for_function("document.getElementById('share-link').value !== ''")
    return page.input_value("#share-link")


def linked(link: str) -> Request:
    return from_query(link.split("settings=")[1].split("&")[0])


def test_fields_follow_the_model_and_a_link_restores_them(served: Served) -> None:
    page = served.page
    visit(page, served.address)
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
    link = link_to_settings(page)
    assert linked(link).settings().given == {
        "negative_prompt": "blurry",
        "precision": "float32",
        "flow_shift": 5.5,
    }
    visit(page, link)  # settings of one's own are unfolded
    expect(page.locator("#negative-prompt textarea")).to_have_value("blurry")
    expect(page.locator("#precision input")).to_have_value("float32")
    expect(page.locator("#flow-shift input")).to_have_value("5.5")


def test_an_image_is_given_shown_used_linked_and_missed(served: Served) -> None:
    page, id = served.page, gradient().id
    visit(page, served.address)
    pick(page, "#model", "Wan 2.1 1.3B")
    expect(page.locator("#image")).to_have_count(0)
    pick(page, "#model", "Illustrated")
    slot, said = page.locator("#image .image-slot"), page.locator("#image .image-said")
    expect(slot.locator(".image-title")).to_have_text("First frame")
    expect(page.locator("#last-image .image-title")).to_have_text("Last frame")
    for name, kind, data, words in (
        ("notes.txt", "text/plain", b"notes", "notes.txt is no PNG, JPEG or WebP."),
        (
            "torn.png",
            "image/png",
            gradient().png()[:50],
            "The image cannot be read; a whole PNG, JPEG",
        ),
    ):
        slot.locator("input").set_input_files({"name": name, "mimeType": kind, "buffer": data})
        expect(said).to_contain_text(words)
        expect(slot).to_have_attribute("data-image", "")
    cliff: FilePayload = {"name": "cliff.png", "mimeType": "image/png", "buffer": gradient().png()}
    slot.locator("input").set_input_files(cliff)
    expect(slot).to_have_attribute("data-image", id)
    expect(said).to_have_text("")
    expect(slot.locator(".image-size")).to_have_text("60 × 40")
    assert slot.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 60
    page.fill("#steps input", "4")
    page.click("#generate")
    page.wait_for_function("Boolean(localStorage.getItem('adacache-shown'))")  # its id, once it is kept
    (run,) = RunStore(served.runs).runs()
    assert run.request.image == id
    assert (run.folder / "first_frame.png").is_file()
    slot.get_by_role("button", name="Of the run shown").wait_for(state="hidden")
    slot.get_by_role("button", name="Remove").click()
    expect(slot).to_have_attribute("data-image", "")
    slot.get_by_role("button", name="Of the run shown").click()
    expect(said).to_have_text("Only a run of one frame has a picture that can be a first frame.")
    write_picture(run.folder / "baseline.png", gradient().pixels)  # as if it had been of one
    slot.get_by_role("button", name="Of the run shown").click()
    expect(slot).to_have_attribute("data-image", id)
    page.fill("#seed input", "5")
    link = link_to_settings(page)
    assert (linked(link).image, linked(link).seed) == (id, 5)
    visit(page, link)
    expect(slot.locator(".image-size")).to_have_text("60 × 40")
    rmtree(served.runs)
    visit(page, link)
    expect(said).to_have_text("This image is not here; choose it again.")
    page.click("#generate")
    expect(page.locator("#message")).to_contain_text("The image of the first frame is not here; give it again.")


def test_generate_waits_for_the_image_that_a_model_starts_from(served: Served) -> None:
    page, id = served.page, gradient().id
    visit(page, served.address)
    needed = "From an image starts every video from an image; give it a first frame."
    refusal, generate = page.locator("#message .message-refusal"), page.locator("#generate")
    pick(page, "#model", "From an image")
    expect(refusal).to_have_text(needed)
    expect(generate).to_be_disabled()
    page.press("#prompt textarea", "Shift+Enter")  # asks as the button would
    expect(page.locator("#message .message-notice")).to_have_text(needed)
    slot = page.locator("#image .image-slot")
    slot.locator("input").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": gradient().png()})
    expect(slot).to_have_attribute("data-image", id)
    expect(refusal).to_have_text("")
    expect(generate).to_be_enabled()
    link = link_to_settings(page)
    slot.get_by_role("button", name="Remove").click()
    expect(generate).to_be_disabled()
    visit(page, link)
    expect(slot.locator(".image-size")).to_have_text("60 × 40")
    expect(generate).to_be_enabled()
    pick(page, "#model", "Tiny")
    expect(refusal).to_have_text("")
    expect(generate).to_be_enabled()


def test_a_clip_is_gone_on_from_linked_and_missed(served: Served) -> None:
    page = served.page
    visit(page, served.address)
    pick(page, "#model", "Wan 2.1 1.3B")
    expect(page.locator("#extension")).to_have_count(0)
    pick(page, "#model", "Illustrated")
    slot, said = page.locator("#extends .image-slot"), page.locator("#extends .image-said")
    choose = slot.locator(".clip-choose")
    expect(choose).to_have_text("the run shown")
    page.evaluate("localStorage.removeItem('adacache-shown')")
    choose.click()
    expect(said).to_have_text("No run of yours is shown; generate one first.")
    page.fill("#seed input", "0")
    page.fill("#steps input", "4")
    page.fill("#prompt textarea", "a test")
    page.click("#generate")
    page.wait_for_function("Boolean(localStorage.getItem('adacache-shown'))")
    first = page.evaluate("localStorage.getItem('adacache-shown')")
    choose.click()
    expect(slot).to_have_attribute("data-run", first)
    expect(said).to_have_text("")
    expect(choose).to_have_text("a test · seed 0")
    page.fill("#overlap input", "2")
    page.click("#generate")
    expect(page.locator(".frame-psnr .note")).to_contain_text("of the earlier clip")
    expect(page.locator(".readout .health")).to_contain_text("Both sides go on from the accelerated clip")
    run = next(run for run in RunStore(served.runs).runs() if run.request.extends)
    assert (run.request.extends, run.request.overlap, run.summary["earlier_frames"]) == (first, 2, 5)
    assert len(run.summary["frame_psnr"]) == 3
    link = link_to_settings(page)
    assert (linked(link).extends, linked(link).overlap) == (first, 2)
    RunStore(served.runs).delete(first)
    visit(page, link)
    expect(said).to_have_text("This run is no longer there.")
    page.fill("#seed input", "6")
    page.click("#generate")
    expect(page.locator("#message")).to_contain_text("The run that this one goes on from is not here")
    slot.get_by_role("button", name="Remove").click()
    expect(slot).to_have_attribute("data-run", "")
    expect(choose).to_be_focused()


def test_the_released_script_is_a_press(served: Served) -> None:
    page = served.page
    visit(page, served.address)
    expect(page.locator("#presets")).to_have_count(0)
    pick(page, "#model", "Open-Sora 1.2")
    page.fill("#prompt textarea", "a fox")
    page.click("#released-video")
    expect(page.locator("#seed input")).to_have_value("1024")
    expect(page.locator("#motion-score input")).to_have_value("5")
    asked = linked(link_to_settings(page))
    assert asked == PRESETS["released-video"].request("a fox")
    expect(page.locator("#message")).to_contain_text("Open-Sora 1.2 cannot run here")
    pick(page, "#resolution", "512")
    expect(page.locator("#aspect-ratio input")).to_have_value("0.57")
    expect(page.locator("#size-said")).to_contain_text("672 × 384 pixels")


def test_what_a_run_told_of_its_prompt_stays_with_it(served: Served) -> None:
    page = served.page
    visit(page, served.address)
    pick(page, "#model", "Tiny")
    page.fill("#steps input", "4")
    page.fill("#prompt textarea", "told of")
    page.click("#generate")
    ignored = page.locator(".word.ignored")
    expect(ignored).to_have_text("foo")
    page.wait_for_selector("#stop[disabled]")
    page.fill("#prompt textarea", "another")
    expect(ignored).to_have_count(0)
    pick(page, "#model", "Illustrated")
    expect(page.locator(".panel-header")).to_contain_text("Illustrated")

    page.click("#tab-runs")
    page.locator(".run", has_text="told of").locator(".run-open").click()
    expect(page.locator("#prompt textarea")).to_have_value("told of")
    expect(page.locator(".panel-header")).to_contain_text("Tiny")
    page.wait_for_timeout(1000)  # for what would still change it
    expect(ignored).to_have_text("foo")
