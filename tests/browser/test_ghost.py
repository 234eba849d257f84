"""The ghost on the page: a drag shows what would run, Run it makes exactly that, and both stand side by side."""

import json
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import Studio
from tests.browser.test_editor import drag
from tests.browser.test_studio import open_codebook_text, paste, queue_up, result

GHOST = ".panel-charts .ghost"
STEPS = "8"


def computed(page: Page) -> list[int]:
    """The computed steps that the ghost shows."""
    found: list[int] = json.loads(page.get_attribute(GHOST, "data-computed") or "[]")
    hollow = page.locator(f"{GHOST} .cell").evaluate_all("cells => cells.map(cell => cell.matches('.would'))")
    assert [step for step, would in enumerate(hollow, start=1) if would] == found
    return found


def test_a_dragged_ghost_is_what_then_runs(studio: Studio) -> None:
    page = studio.visit()
    said = page.locator(f"{GHOST} .ghost-said")
    expect(said).to_have_text(
        "No ghost: this run kept no recording of its baseline; generate it again for one."  # the shipped one
    )
    page.get_by_role("spinbutton", name="Steps").fill(STEPS)
    page.set_checked("#motion input", False)
    open_codebook_text(page)
    paste(page, '{"0.15": 3, "0.25": 2, "1": 1}')
    studio.pace.hold_after(3)
    queue_up(page)
    page.wait_for_selector(f"{GHOST}[data-state=running]")
    drag(page, 1, 12)
    expect(said).to_have_text("A run goes; this codebook is for the next one.")
    studio.pace.release()
    result(page)
    page.wait_for_selector(f"{GHOST}[data-state=ghost]")

    drag(page, 0, 25, drop=False)  # what is held already moves the ghost
    page.wait_for_function("document.querySelector('.ghost').dataset.computed !== '[]'")
    page.mouse.up()
    page.wait_for_timeout(1000)  # the last answer
    shown = computed(page)
    ran = page.locator(".strip-row.accelerated .cell").evaluate_all(
        "cells => cells.flatMap((cell, i) => cell.matches('.computed') ? [i + 1] : [])"
    )
    assert shown != ran  # no recolouring of what ran
    expect(page.locator(".plots")).to_have_class(re.compile(r"\bhaunted\b"))
    expect(said).to_contain_text(f"would run, simulated{len(shown)} of {STEPS} steps")
    expect(said).to_contain_text(" dB")

    folders, before = studio.folders(), page.get_attribute(".panel-video-panel", "data-run")
    page.get_by_role("button", name="Run it").click()
    page.wait_for_function("(b) => document.querySelector('.panel-video-panel').dataset.run !== b", arg=before)
    result(page)
    page.wait_for_selector(f"{GHOST}[data-state=compared]")
    assert computed(page) == shown
    expect(said).to_contain_text(f"ran{len(shown)} of {STEPS} steps")
    (folder,) = studio.folders() - folders
    assert computed_in(folder) == shown

    page.reload()  # a run that is opened again has its ghost
    page.wait_for_selector(f"{GHOST}[data-state=rest]")
    drag(page, 0, 30)
    page.wait_for_selector(f"{GHOST}[data-state=ghost]")


def computed_in(folder: Path) -> list[int]:
    records = json.loads((folder / "trace.json").read_text())["records"]["accelerated"]
    return [record["step"] for record in records if record["computed"] == "all"]


def test_a_codebook_of_other_settings_says_so_before_the_run(studio: Studio) -> None:
    page = studio.visit()
    said = page.locator(".codebook-fit")
    expect(said).to_have_text("Made for Open-Sora 1.2: its thresholds may not fit these settings.")
    page.get_by_role("spinbutton", name="Steps").fill("90")
    expect(said).to_have_text("Made for 30 steps of Open-Sora 1.2: its thresholds may not fit these settings.")
