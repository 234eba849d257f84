"""The Studio's codebook editor, methods, hovering and links in a browser."""

import json
from base64 import urlsafe_b64encode

from playwright.sync_api import Page, expect

from tests.browser.conftest import Studio
from tests.browser.test_studio import (
    generate,
    open_codebook_text,
    paste,
    refusal,
    result,
    thresholds,
    wait_for_steps,
)

PRESET = "#studio-preset"


def drag(page: Page, threshold: int, pixels: float, *, drop: bool = True) -> None:
    """Take a threshold on the distance plot and move it down by some pixels."""
    box = page.locator(".panel-charts .threshold-line").nth(threshold).bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"])
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + pixels, steps=4)
    if drop:
        page.mouse.up()


def band_heights(page: Page) -> list[float]:
    found: list[float] = page.evaluate(
        "[...document.querySelectorAll('.panel-charts .band')].map((band) => band.getBoundingClientRect().height)"
    )
    return found


def test_a_dragged_threshold_is_simulated_copied_undone_and_run(studio: Studio) -> None:
    page = studio.visit()
    generate(page)
    result(page)
    before, bands = thresholds(page), band_heights(page)
    drag(page, 0, 25, drop=False)
    page.wait_for_function("document.querySelector('.plots').classList.contains('haunted')")
    assert band_heights(page)[0] < bands[0]
    page.mouse.up()
    dragged = float(thresholds(page)[0])
    assert dragged < float(before[0])
    expect(page.locator(PRESET)).to_have_value("custom")
    expect(page.locator(".chart.distance .note")).to_have_text("hollow: would be looked up, simulated")
    open_codebook_text(page)
    page.get_by_role("button", name="Copy JSON").click()
    copied = json.loads(page.input_value("#codebook-paste"))
    assert [float(key) for key in copied][:2] == [dragged, float(before[1])]
    page.get_by_role("button", name="Copy Python").click()
    assert page.input_value("#codebook-paste").startswith(f"Codebook(thresholds=({dragged:g}, ")

    page.locator(".panel-charts .threshold-line").nth(0).focus()
    page.keyboard.press("Shift+ArrowDown")
    expect(page.locator(".panel-codebook .threshold").nth(0)).not_to_have_value(f"{dragged:g}")
    page.keyboard.press("Control+z")
    expect(page.locator(".panel-codebook .threshold").nth(0)).to_have_value(f"{dragged:g}")
    folders = studio.folders()
    generate(page)
    result(page)
    (folder,) = studio.folders() - folders
    used = json.loads((folder / "summary.json").read_text())["codebook"]
    assert min(map(float, used)) == dragged
    page.click("#studio-undo")
    expect(page.locator(PRESET)).to_have_value("fast")


def test_a_link_restores_the_settings_and_a_hostile_one_does_nothing(studio: Studio) -> None:
    page = studio.visit()
    page.fill("#prompt textarea", "a <b>shared</b> prompt")
    page.get_by_label("Seed").fill("41")
    open_codebook_text(page)
    paste(page, '{"0.05": 3, "0.5": 2, "1": 1}')
    expect(page.locator(PRESET)).to_have_value("custom")
    page.click("#copy-link")
    page.wait_for_function("document.getElementById('share-link').value !== ''")
    link = page.input_value("#share-link")

    other = studio.visit()
    other.goto(link)
    other.wait_for_selector(".plots[data-ready=true]")
    expect(other.locator("#prompt textarea")).to_have_value("a <b>shared</b> prompt")
    expect(other.get_by_label("Seed")).to_have_value("41")
    expect(other.locator(".panel-codebook .threshold").nth(0)).to_have_value("0.05")
    assert other.locator(".panel-codebook .row-edit").count() == 3
    attack = json.dumps({"model": "<img src=x onerror=window.broken=true>", "prompt": ["x"], "method": None})
    for hostile in (urlsafe_b64encode(attack.encode()).decode(), "%00${window.broken=true}", "A" * 9000):
        other.goto(f"{studio.url}?settings={hostile}")
        expect(other.locator(".panel-message")).to_contain_text("link")
        expect(other.locator("#prompt textarea")).to_have_value("a dog moving right fast over snow")
    assert other.evaluate("window.broken") is None


def test_another_method_is_explained_and_run(studio: Studio) -> None:
    page = studio.visit()
    page.click("#method input")
    page.get_by_role("option", name="Fewer steps").click()
    expect(page.locator(".method-text")).to_contain_text("shorter schedule")
    expect(page.locator(".panel-codebook")).to_be_hidden()
    expect(page.get_by_label("Steps of the accelerated side")).to_have_value("15")
    page.get_by_label("Steps of the accelerated side").fill("12")
    generate(page)
    result(page)
    assert page.locator(".branch-strips .cell.computed").count() == 12
    expect(page.locator(".caption.accelerated .name")).to_have_text("Fewer steps, 12")
    page.get_by_label("Steps of the accelerated side").fill("31")
    refusal(page, "more than the baseline")
    page.click("#method input")
    page.get_by_role("option", name="Accumulated distance").click()
    expect(page.locator(".panel-method-fields").get_by_label("Threshold")).to_have_value("0.1")


def test_a_step_is_looked_at_by_mouse_and_keys(studio: Studio) -> None:
    page = studio.visit()
    studio.pace.hold_after(8)  # so that pictures of early steps are seen
    generate(page)
    wait_for_steps(page, 8)
    studio.pace.release()
    result(page)
    page.hover(".chart.motion .plot", position={"x": 250, "y": 20})
    expect(page.locator(".cell.pointed")).to_have_count(2)
    expect(page.locator(".tip")).to_contain_text("timestep")
    page.focus(".panel-charts")
    page.keyboard.press("End")
    expect(page.locator(".panel-charts")).to_have_attribute("data-pointed", "30")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".panel-charts")).to_have_attribute("data-pointed", "29")
    assert page.locator(".tip-picture:visible img").count() == 2
    expect(page.locator(".tip-picture.baseline figcaption")).to_contain_text("after step")


def test_difference_and_full_size(studio: Studio) -> None:
    page = studio.visit()
    page.wait_for_selector(".viewer[data-playing=true]")
    page.focus(".viewer")
    page.keyboard.press("Space")
    page.wait_for_selector(".viewer[data-playing=false]")
    page.keyboard.press("d")
    expect(page.locator(".difference")).to_be_visible()
    expect(page.locator(".amplify")).to_have_text("difference ×4")
    total = "(() => { const c = document.querySelector('.difference');"
    total += " return c.getContext('2d').getImageData(0, 0, c.width, c.height).data"
    total += ".reduce((sum, value, i) => sum + (i % 4 === 3 ? 0 : value), 0); })()"
    page.wait_for_function(f"{total} > 0")
    four = page.evaluate(total)
    page.keyboard.press("a")
    expect(page.locator(".amplify")).to_have_text("difference ×8")
    assert page.evaluate(total) > four
    page.keyboard.press("f")
    expect(page.locator("dialog.large .frames")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog.large")).to_have_count(0)
    expect(page.locator(".panel-video-panel > .viewer")).to_be_visible()


def test_a_codebook_of_another_number_of_steps_says_so_even_after_it_is_edited(studio: Studio) -> None:
    page = studio.visit()
    open_codebook_text(page)
    paste(page, '{"codebook": {"0.05": 3, "0.5": 2, "1": 1}, "steps": 100, "models": ["sprites"]}')
    page.locator(".panel-codebook .threshold").nth(0).fill("0.06")
    generate(page)
    result(page)
    said = "made for 100 steps of Sprites, this run has 30 and is of tiny; its thresholds may not fit"
    expect(page.locator(".health")).to_contain_text(said)
    page.select_option(PRESET, "fast")
    generate(page)
    result(page)
    expect(page.locator(".health")).to_contain_text("made for Open-Sora 1.2, this run is of tiny")
