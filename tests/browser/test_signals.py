"""Signals in a browser: another one at the same compute, and the marks of what adapting is worth, painted."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import Studio
from tests.browser.test_lab import after, lab, numbers, strip  # noqa: F401 (lab is a fixture)


def test_a_signal_takes_the_thresholds_over_and_back(lab: Callable[..., Page]) -> None:  # noqa: F811
    page = lab()
    thresholds = ".panel-lab .rows input[type=text], .panel-lab .rows input:not([type])"
    before, computed = page.locator(thresholds).first.input_value(), strip(page).count("X")
    after(page, lambda: page.select_option("#lab-signal", "velocity-length"))
    expect(page.locator("#lab-motion")).to_be_disabled()
    expect(page.locator(thresholds).first).not_to_have_value(before)
    assert abs(strip(page).count("X") - computed) <= 3
    page.get_by_role("button", name="Signals").click()
    expect(page.locator(".figure-table tr.drawn th")).to_have_text("velocity-length")
    after(page, lambda: page.select_option("#lab-signal", ""))
    expect(page.locator("#lab-motion")).to_be_enabled()
    expect(page.locator(".figure-table tr.drawn th")).to_have_text("recorded residual")


def test_four_marks_and_one_is_painted(lab: Callable[..., Page]) -> None:  # noqa: F811
    page = lab()
    page.fill("#lab-budget", "40")
    page.click("#lab-worth")
    expect(page.locator(".lab-worth .lab-message")).to_have_text("The budget is 2 to 29 computed steps, got 40.")
    page.fill("#lab-budget", "9")
    page.click("#lab-worth")
    rows = page.locator(".lab-worth tr")
    expect(rows).to_have_count(5)
    even, shared, own = (float(rows.nth(i).locator("td").nth(1).inner_text().split()[0]) for i in (1, 2, 3))
    assert own >= shared - 0.05 >= even - 0.1
    page.locator("[data-mark=shared]").click()
    expect(page.locator(".paint-cell.computed")).to_have_count(9)
    expect(page.locator(".lab-paint")).to_have_attribute("data-own", "true")


def test_the_studio_reads_a_latent_signal(studio: Studio) -> None:
    page = studio.visit()
    page.locator("#advanced button").first.click()
    page.click("#residual input")
    page.get_by_role("option", name="velocity-length").click()
    expect(page.locator("#distance input")).to_have_value("l2")
    expect(page.locator("#motion input")).not_to_be_checked()
    page.fill("#prompt textarea", "a latent signal")
    page.click("#generate")
    expect(page.locator(".tile.speedup .value")).to_contain_text("×")
    expect(page.locator(".about q")).to_have_text("a latent signal")
    expect(page.locator(".health")).to_contain_text("this run measures velocity-length")
