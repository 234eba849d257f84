"""The Studio's controls in a browser: nothing covers or moves another, and like things look alike."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Studio
from tests.browser.test_studio import ROWS_ERROR, refusal

COVERED = """(selector) => {
  const element = document.querySelector(selector), {x, y, width, height} = element.getBoundingClientRect();
  return !element.contains(document.elementFromPoint(x + width / 2, y + height / 2));
}"""
SHOWING_THROUGH = """() => {
  const shelf = document.querySelector(".shelf"), {left, top, right, bottom} = shelf.getBoundingClientRect();
  const points = [];
  for (let x = left + 4; x < right - 4; x += 16)
    for (let y = top + 4; y < Math.min(bottom, innerHeight) - 4; y += 16) points.push([x, y]);
  const foreign = points.filter(([x, y]) => !shelf.contains(document.elementFromPoint(x, y))).length;
  const {backgroundColor, opacity} = getComputedStyle(shelf);
  return [points.length > 100, foreign, backgroundColor, opacity];
}"""
TEXT = """(element) => [null, "::placeholder"].map((part) => {
  const {color, fontStyle} = getComputedStyle(element, part);
  return [color, fontStyle];
})"""
BOX = "(box) => ['width', 'height', 'borderWidth', 'borderRadius'].map((name) => getComputedStyle(box)[name])"
OPTIONS = "[role=option]:visible"
TOP_OF_MODEL = """Math.round(
  document.querySelector("#model").getBoundingClientRect().y + document.querySelector("#controls").scrollTop)"""


def test_lists_stay_closed_under_tab_and_open_by_key_or_press(studio: Studio) -> None:
    page = studio.visit()
    page.focus("#reuse-baseline input")
    reached = set()
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.closest('[id]').id"))
        assert not page.evaluate(COVERED, "#generate")
    assert {"model", "method", "reuse"} <= reached
    expect(page.locator(OPTIONS)).to_have_count(0)
    page.focus("#method input")
    expect(page.locator(OPTIONS)).to_have_count(0)
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option", name="Fewer steps")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(OPTIONS)).to_have_count(0)
    page.click("#method input")
    expect(page.get_by_role("option", name="Fewer steps")).to_be_visible()


def test_nothing_shows_through_or_moves(studio: Studio) -> None:
    page = studio.visit()
    page.click("#library-open")
    assert page.evaluate(SHOWING_THROUGH) == [True, 0, "rgb(255, 255, 255)", "1"]
    (typed, upright), (wanted, slanted) = page.locator(".shelf input").evaluate(TEXT)
    assert typed != wanted
    assert (upright, slanted) == ("normal", "italic")
    page.keyboard.press("Escape")

    before = page.evaluate(TOP_OF_MODEL)
    page.locator(".panel-codebook .threshold").nth(1).fill("0.05")
    expect(page.locator(ROWS_ERROR)).to_contain_text("thresholds must increase")
    refusal(page, "thresholds must increase")
    assert page.evaluate(TOP_OF_MODEL) == before
    wrong = page.locator(".panel-codebook [aria-invalid=true]")
    expect(wrong).to_have_count(1)
    expect(wrong).to_have_attribute("aria-label", "Threshold of row 2")


def test_legends_help_and_checkboxes(studio: Studio) -> None:
    page = studio.visit()
    expect(page.locator(".rate-key", has_text=re.compile("^rate 1$"))).to_be_visible()
    for chart in ("distance", "rate", "motion", "seconds"):
        page.click(f".chart.{chart} .help summary")
        text, plot = (page.locator(f".chart.{chart} {part}").bounding_box() for part in (".help-text", ".plot"))
        assert text
        assert plot
        assert text["y"] + text["height"] <= plot["y"] + 1
        page.click(f".chart.{chart} .help summary")
    boxes = [page.locator(box).first.evaluate(BOX) for box in ("#reuse-baseline input", "#motion input")]
    page.click("#tab-lab")
    page.wait_for_selector(".panel-lab[data-ready=true]")
    boxes.append(page.locator("#lab-motion").evaluate(BOX))
    assert boxes[0] == boxes[1] == boxes[2]
