"""The Codebook Lab in a browser: dragging, editing, several recordings, uploads, the front, and a real run."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Studio

STRIP = ".lab-strips .strip-row"
SETTLED = ".panel-lab[data-settled=true]"  # the server has answered to the codebook, recordings and motion shown


@pytest.fixture
def lab(studio: Studio) -> Callable[..., Page]:
    """Opens the Lab as a new visitor."""

    def visit(width: int = 1440, height: int = 900) -> Page:
        page = studio.visit(width, height)
        page.click("#tab-lab")
        ready(page)
        expect(page.locator("#lab-motion")).to_be_checked()  # as the tests' model has it on
        after(page, lambda: page.uncheck("#lab-motion"))
        page.wait_for_selector(".lab-front:not(.stale)")
        return page

    return visit


def ready(page: Page) -> None:
    page.wait_for_selector(".panel-lab[data-ready=true]")
    page.wait_for_selector(".lab-front[data-points]:not([data-points='0'])")
    page.wait_for_selector(SETTLED)


def numbers(page: Page) -> str:
    return page.inner_text(".lab-numbers .tiles") + "".join(page.locator(".strip-figures").all_inner_texts())


def names(page: Page) -> list[str]:
    return page.locator(".lab-strips .strip-name").all_inner_texts()


def strip(page: Page, row: int = 0) -> str:
    cells = page.locator(STRIP).nth(row).locator(".cell")
    return "".join(
        "X" if "computed" in (c or "") else "." for c in cells.evaluate_all("l => l.map(c => c.className)")
    )


def answers(page: Page) -> int:
    return int(page.get_attribute(".panel-lab", "data-answers") or 0)


def after(page: Page, act: Callable[[], object]) -> None:
    """Act and wait until the server has answered to what is shown then."""
    page.wait_for_selector(SETTLED)
    before = answers(page)
    act()
    page.wait_for_function(f"Number(document.querySelector('.panel-lab').dataset.answers) > {before}")
    page.wait_for_selector(SETTLED)


def place(page: Page, threshold: int) -> tuple[float, float]:
    box = page.locator(".panel-lab .threshold-line").nth(threshold).bounding_box()
    assert box
    return box["x"] + box["width"] / 3, box["y"]


def test_opens_without_errors_or_strangers(studio: Studio) -> None:
    page = studio.browser.new_page(viewport={"width": 1440, "height": 900})
    studio.pages.append(page)
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(f"{studio.url}#lab")
    ready(page)
    expect(page.get_by_role("tab", name="Codebook Lab")).to_have_attribute("aria-selected", "true")
    assert names(page) == [f"{a} {k}" for a in "AB" for k in ("plain", "motion")]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.focus("#tab-lab")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#generate")).to_be_visible()
    expect(page.locator(".panel-lab")).to_be_hidden()
    assert [url for url in asked if not url.startswith((studio.url, "data:", "blob:"))] == []
    assert errors == []


def test_dragging_a_threshold_moves_strip_and_numbers(lab: Callable[..., Page]) -> None:
    page = lab()
    before, cells = numbers(page), strip(page)
    x, y = place(page, 0)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 20, steps=4)
    page.mouse.move(x, y + 110, steps=4)
    expect(page.locator(".panel-lab .threshold-line.held")).to_have_count(1)
    page.mouse.up()
    expect(page.locator(".panel-lab .threshold-line.held")).to_have_count(0)
    page.wait_for_selector(SETTLED)
    assert strip(page) != cells
    assert numbers(page) != before
    first = page.input_value(".panel-lab [aria-label='Threshold of row 1']")
    assert 0 < float(first) < 0.08
    assert page.input_value("#lab-preset") == "custom"
    after(page, lambda: page.click("#lab-undo"))
    assert page.input_value(".panel-lab [aria-label='Threshold of row 1']") == "0.08"
    assert page.input_value("#lab-preset") == "fast"
    assert strip(page) == cells
    page.locator(".panel-lab .threshold-line").first.focus()
    after(page, lambda: page.keyboard.press("Shift+ArrowUp"))
    assert page.input_value(".panel-lab [aria-label='Threshold of row 1']") == "0.088"


def test_an_invalid_edit_is_named_and_nothing_is_lost(lab: Callable[..., Page]) -> None:
    page = lab()
    cells = strip(page)
    after(page, lambda: page.fill(".panel-lab [aria-label='Rate of row 1']", "2"))
    message = page.locator(".panel-lab .codebook-error")
    expect(message).to_contain_text("must not increase")
    assert strip(page) == cells
    assert page.input_value(".panel-lab [aria-label='Rate of row 1']") == "2"
    after(page, lambda: page.fill(".panel-lab [aria-label='Rate of row 1']", "13"))
    expect(message).to_contain_text("looks back further than the recorded 12 steps")
    after(page, lambda: page.fill(".panel-lab [aria-label='Rate of row 1']", "many"))
    expect(message).to_contain_text("row 1 is not a number")
    after(page, lambda: page.fill(".panel-lab [aria-label='Rate of row 1']", "8"))
    expect(message).to_be_empty()
    assert strip(page) != cells
    rows = page.locator(".panel-lab .row-edit").count()
    after(page, lambda: page.locator(".panel-lab").get_by_text("Add a row").click())
    assert page.locator(".panel-lab .row-edit").count() == rows + 1
    expect(message).to_be_empty()
    after(page, lambda: page.click(".panel-lab [aria-label='Remove row 2']"))
    expect(message).to_be_empty()
    for _ in range(3):
        after(page, lambda: page.click("#lab-undo"))
    assert page.input_value("#lab-preset") == "fast"
    assert strip(page) == cells


def test_recordings_are_overlaid_and_motion_is_shown_before_and_after(lab: Callable[..., Page]) -> None:
    page = lab()
    after(page, lambda: page.locator(".chip").nth(2).click())
    expect(page.locator(STRIP)).to_have_count(3)
    assert names(page) == ["A", "B", "C"]
    expect(page.locator(".lab-heat .whose")).to_contain_text(page.locator(".chip .prompt").nth(2).inner_text())
    after(page, lambda: page.check("#lab-motion"))
    assert names(page) == [f"{a} {k}" for a in "ABC" for k in ("plain", "motion")]
    expect(page.locator(".lab-numbers .note").first).to_contain_text("without motion")
    after(page, lambda: page.locator(".chip").nth(0).click())
    after(page, lambda: page.locator(".chip").nth(1).click())
    page.locator(".chip").nth(2).click()
    expect(page.locator(STRIP)).to_have_count(2)
    page.get_by_role("button", name="Motion Fig. A.1").click()
    page.wait_for_selector(".lab-figures[data-kind=motion]")
    with page.expect_download() as download:
        page.locator(".downloads").get_by_text("CSV").click()
    assert Path(download.value.path()).read_text().startswith("prompt,seed,step,score,gradient\n")


def test_uploads(lab: Callable[..., Page], studio: Studio, recordings: Path, tmp_path: Path) -> None:
    page = lab()
    good = json.loads((recordings / "00.json").read_text())
    attack = "<img src=x onerror='window.broken=true'>${window.broken=true}"
    files = {"truncated.json": json.dumps(good)[:5000], "schema.json": json.dumps({**good, "schema": 9})}
    files["nan.json"] = json.dumps({**good, "guidance": float("nan")})
    files["good.json"] = json.dumps({**good, "prompt": attack})
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    chips = page.locator(".chip").count()
    page.click(".lab-adding summary")
    message = page.locator(".lab-adding .lab-message")
    said = {
        "truncated": "not a whole JSON file",
        "schema": "schema 1 or 2 is needed",
        "nan": "NaN is not a number",
    }
    for name, reason in said.items():
        page.set_input_files("#lab-file", tmp_path / f"{name}.json")
        expect(message).to_contain_text(f"{name}.json was not added")
        expect(message).to_contain_text(reason)
        assert page.locator(".chip").count() == chips
    after(page, lambda: page.set_input_files("#lab-file", tmp_path / "good.json"))
    expect(message).to_contain_text("good.json was added")
    expect(page.locator(".chip .prompt").last).to_have_text(attack)
    expect(page.locator(STRIP)).to_have_count(3)
    assert page.evaluate("window.broken") is None
    assert len(list((studio.runs / "recordings").glob("*.json"))) == 1


def test_a_point_of_the_front_loads_its_codebook_and_calibrate_finds_one(lab: Callable[..., Page]) -> None:
    page = lab()
    mark = page.locator(".frame-chart.front path[style*='--front']").nth(3)
    mark.scroll_into_view_if_needed()
    point = mark.bounding_box()
    assert point
    after(page, lambda: page.mouse.click(point["x"] + point["width"] / 2, point["y"] + point["height"] / 2))
    assert page.input_value("#lab-preset") == "custom"
    page.fill("#lab-wish", "0.5")
    page.click("#lab-calibrate")
    message = page.locator("form .lab-message")
    expect(message).to_contain_text("must be above 1")
    page.fill("#lab-wish", "1.6")
    after(page, lambda: page.click("#lab-calibrate"))
    expect(message).to_contain_text("on held-out ones")
    speedup = page.inner_text(".lab-numbers .tile.speedup .value")
    assert float(speedup.rstrip("×")) == pytest.approx(1.6, rel=0.1)


def test_run_it_overlays_what_really_happened(lab: Callable[..., Page], studio: Studio) -> None:
    page = lab()
    page.click("#lab-run")
    message = page.locator(".lab-numbers .lab-message")
    expect(message).to_contain_text("Simulated")
    expect(message).to_contain_text("Measured")
    assert names(page) == ["A", "A real", "B"]
    simulated, real = strip(page, 0).count("X"), strip(page, 1).count("X")
    expect(message).to_contain_text(f"Simulated {simulated} computed steps, real {real}")
    after(page, lambda: page.select_option("#lab-preset", "slow"))
    expect(page.locator(STRIP)).to_have_count(2)
    studio.pace.hold_after(6)
    page.click("#lab-run")
    expect(message).to_contain_text(re.compile(r"step \d+ of 30"))
    page.click("#lab-stop")
    expect(message).to_contain_text("Stopping")
    studio.pace.release()
    expect(message).to_contain_text("Stopped")
    page.wait_for_selector("#lab-run:not([disabled])")


def test_record_adds_a_recording_that_stays(lab: Callable[..., Page], studio: Studio) -> None:
    page = lab()
    page.click(".lab-adding summary")
    message = page.locator(".lab-adding .lab-message")
    page.fill("#lab-prompt", "gibberish")
    page.click("#lab-record")
    expect(message).to_contain_text("No known word in the prompt")
    page.click("#lab-record")  # the same answer once more
    expect(page.locator("#lab-record")).to_be_enabled()
    page.fill("#lab-prompt", "a recorded test")
    page.fill("#lab-seed", "7")
    chips = page.locator(".chip").count()
    studio.pace.hold_after(2)
    page.click("#lab-record")
    expect(message).to_contain_text("Recording, step 2")
    page.click("#lab-run")
    run = page.locator(".lab-numbers .lab-message")
    expect(run).to_contain_text("1 run goes first")
    page.click("#lab-stop")  # of Run it: the recording goes on
    expect(run).to_contain_text("Stopped")
    studio.pace.release()
    expect(page.locator(".chip")).to_have_count(chips + 1)
    expect(message).to_have_text("Recorded.")
    page.reload()
    ready(page)
    expect(page.locator(".chip .prompt").last).to_have_text("a recorded test")
