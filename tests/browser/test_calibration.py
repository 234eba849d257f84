"""Calibrate for this model, in a browser: made, picked, told of, found again, deleted and had back; stopped."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Studio

STEPS = 8


def open_panel(page: Page) -> None:
    page.locator(".calibrate > summary").click()
    page.locator("#steps input").fill(str(STEPS))
    page.locator("#calibrate-wished").fill("6")


def group(page: Page) -> str:
    """The group of the preset that is picked."""
    return str(
        page.eval_on_selector("#studio-preset", "select => select.selectedOptions[0].parentElement.label ?? ''")
    )


def test_a_codebook_is_made_offered_and_deleted(studio: Studio) -> None:
    page = studio.visit()
    open_panel(page)
    page.locator("#calibrate-prompts").fill("only one")
    page.click("#calibrate-start")
    said = page.locator(".calibrate-said")
    expect(said).to_have_text("Calibration takes 2 to 24 prompts, one a line, got 1.")
    page.click("#calibrate-start")  # the same answer once more
    expect(page.locator("#calibrate-start")).to_be_enabled()
    page.locator("#calibrate-prompts").fill("")
    page.click("#calibrate-start")
    expect(said).to_contain_text("Made and picked: Tiny, 8 steps")
    assert group(page) == "Calibrated here"
    expect(page.locator(".codebook-made summary").first).to_have_text("Made for tiny at 8 steps")
    page.locator(".codebook-made summary").first.click()
    expect(page.locator(".codebook-made p").first).to_contain_text("Calibrated on 2 recordings, seed 0: simulated")
    assert len(list((studio.runs / "codebooks").glob("*.json"))) == 1

    again = studio.visit()
    own = again.locator("#studio-preset optgroup[label='Calibrated here'] option")
    expect(own).to_have_count(1)
    again.select_option("#studio-preset", own.get_attribute("value"))
    again.click("#codebook-delete")
    expect(own).to_have_count(0)
    assert group(again) == ""  # the rows stay, as rows of one's own
    again.locator(".codebook-own .quiet", has_text="Undo").click()
    expect(own).to_have_count(1)
    assert group(again) == "Calibrated here"
    again.click("#codebook-delete")
    expect(own).to_have_count(0)


def test_a_calibration_is_stopped(studio: Studio) -> None:
    page = studio.visit()
    open_panel(page)
    studio.pace.seconds = 0.3
    page.click("#calibrate-start")
    expect(page.locator(".calibrate-said")).to_contain_text("Recording, step")
    page.click("#calibrate-stop")
    expect(page.locator(".calibrate-said")).to_have_text("Stopped; no codebook was made.")
    expect(page.locator("#calibrate-start")).to_be_enabled()
    assert not list((studio.runs / "codebooks").glob("[!.]*.json"))
