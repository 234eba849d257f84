"""The decision of a step on the page: pinned by mouse or keys, its arithmetic, and what lights up with it."""

import re

from playwright.sync_api import expect

from app.caching.explanation import figure
from tests.browser.conftest import Studio


def value_of(terms: str) -> float:
    """What printed arithmetic gives."""
    plain = terms.replace("÷", "/").replace("×", "*").replace("−", "-").replace("^", "**")
    return float(eval(re.sub(r"\|([^|]*)\|", r"abs(\1)", plain)))


def test_a_pinned_step_shows_its_arithmetic_and_lights_its_row(studio: Studio) -> None:
    page = studio.visit()
    page.wait_for_selector(".plots[data-ready]")
    computed = page.locator(".strip-row.accelerated .cell.computed:has(+ .reused)").last
    step = int(computed.evaluate("cell => [...cell.parentElement.children].indexOf(cell) + 1"))
    computed.click()
    card = page.get_by_role("region", name=f"Decision of step {step}")
    expect(card).to_be_visible()
    expect(page.locator(".tip")).to_be_hidden()
    sums = [line.split(" = ") for line in card.locator(".sum").all_inner_texts() if " = " in line]
    assert len(sums) >= 3
    assert all(figure(value_of(terms), 4) == result for terms, result in sums)
    outcome = card.locator(".outcome").inner_text()
    row = int(re.search(r"row (\d+), rate (\d+)", outcome)[1])  # type: ignore[index]
    lit = page.locator("#codebook .row-edit, .panel-codebook .row-edit").nth(row - 1)
    expect(lit).to_have_class(re.compile(r"\blit\b"))
    expect(page.locator(".band").nth(row - 1)).to_have_class(re.compile(r"\blit\b"))
    card.locator(".term.normalised").hover()
    expect(page.locator(".plots")).to_have_attribute("data-lit", "normalised")

    page.locator(".panel-charts").focus()
    page.keyboard.press("ArrowRight")  # the step that reuses what this one made
    expect(page.locator(".decision")).to_contain_text(f"Reused: adds the residuals of step {step}")
    page.get_by_role("button", name=f"Step {step}'s decision").click()
    expect(card).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".decision")).to_be_hidden()
    expect(page.locator(".row-edit.lit, .band.lit")).to_have_count(0)
