"""The tour in a browser: six stops beside the real controls, by keyboard, skipped, and offered once."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Studio

OPEN = ".panel-tour.open"
STOPS = ["Prompt", "Generate", "Schedules", "Thresholds", "Codebook Lab", "Compare and Runs"]
APART = """
() => {
  const ring = document.querySelector(".tour-ring").getBoundingClientRect();
  const note = document.querySelector(".tour-note").getBoundingClientRect();
  const across = note.left < ring.right && note.right > ring.left;
  const covers = across && note.top < ring.bottom && note.bottom > ring.top;
  const inside = note.left >= 0 && note.top >= 0 && note.right <= innerWidth && note.bottom <= innerHeight;
  const points = ring.width > 20 && ring.height > 15 && ring.bottom > 0 && ring.top < innerHeight;
  return { covers, inside, points };
}
"""


def stop(page: Page, number: int) -> None:
    expect(page.locator("#tour-title")).to_have_text(STOPS[number - 1])
    expect(page.locator(".tour-place")).to_have_text(f"{number} of 6")
    expect(page.locator(".tour-note")).to_be_focused()
    page.wait_for_function(
        "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
    )


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_six_stops_by_keyboard_cover_nothing_they_explain(studio: Studio, width: int, height: int) -> None:
    page = studio.visit(width, height)
    page.focus("#tour-button")
    page.keyboard.press("Enter")
    for number in range(1, 7):
        stop(page, number)
        assert page.evaluate(APART) == {"covers": False, "inside": True, "points": True}, STOPS[number - 1]
        if number < 6:
            page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    stop(page, 5)
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="Skip the tour")).to_be_hidden()
    page.get_by_role("button", name="Done").click()
    expect(page.locator(OPEN)).to_have_count(0)
    expect(page.locator("#tour-button")).to_be_focused()


def test_it_is_skipped_by_button_and_by_escape_and_leaves_the_controls_usable(studio: Studio) -> None:
    page = studio.visit()
    page.click("#tab-runs")
    page.click("#tour-button")
    stop(page, 1)
    expect(page.locator("#generate")).to_be_visible()  # it leads to the Studio
    page.fill("#prompt textarea", "typed during the tour")
    expect(page.locator(OPEN)).to_be_visible()
    page.get_by_role("button", name="Next").click()
    stop(page, 2)
    page.get_by_role("button", name="Skip the tour").click()
    expect(page.locator(OPEN)).to_have_count(0)
    page.click("#tour-button")
    stop(page, 1)
    page.focus("#prompt textarea")
    page.keyboard.press("Escape")
    expect(page.locator(OPEN)).to_have_count(0)
    expect(page.locator("#tour-button")).to_be_focused()
    assert page.input_value("#prompt textarea") == "typed during the tour"


def test_it_is_offered_once(studio: Studio) -> None:
    page = studio.visit(first=True)
    page.get_by_role("button", name="New here? Take the tour").click()
    stop(page, 1)
    page.keyboard.press("Escape")
    expect(page.locator(".tour-offer")).to_be_focused()
    page.reload()
    page.wait_for_selector(".panel-gallery[data-ready=true]")
    expect(page.locator(".tour-offer")).to_have_count(0)
    expect(page.locator("#tour-button")).to_be_visible()
