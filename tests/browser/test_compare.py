"""The Compare room in a browser: table and plot of a comparison, families to filter by, settings on hover."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from app.caching.registry import method_from_json
from app.common.paths import COMPARISONS
from app.models.registry import CARDS
from components.compare.room import compare_props, with_link
from components.studio.share import from_query
from tests.browser.conftest import Studio


def test_families_filter_plot_and_table(studio: Studio) -> None:
    shipped = json.loads((COMPARISONS / "sprites.json").read_text())
    page = studio.visit()
    page.click("#tab-compare")
    page.wait_for_selector(".panel-compare[data-ready=true]")
    lines = page.locator(".compare-table tbody tr")
    expect(lines).to_have_count(len(shipped["points"]))
    plot = page.locator(".compare-plot")
    expect(plot).to_have_attribute("data-points", str(len(shipped["points"]) - 1))
    own = sum(point["family"] == "Fewer steps" for point in shipped["points"])
    page.get_by_role("button", name="Fewer steps", exact=True).click()
    expect(lines).to_have_count(len(shipped["points"]) - own)
    expect(plot).to_have_attribute("data-points", str(len(shipped["points"]) - 1 - own))
    barcodes = page.locator(".barcode")
    expect(barcodes).to_have_count(len(shipped["points"]) - 1 - own)
    lines.nth(1).hover()
    expect(page.locator(".compare-table .settings")).to_contain_text(lines.nth(1).locator(".name").inner_text())
    expect(page.locator(".compare-flops tbody tr").first).to_contain_text("3230.24")
    page.get_by_role("button", name="to converged").click()  # where the baseline has an error too
    expect(plot).to_contain_text("the baseline's own error")
    page.get_by_role("button", name="Speedup").last.click()  # the column's heading: the fastest first
    fastest = max((p for p in shipped["points"] if p["family"] != "Fewer steps"), key=lambda p: p["speedup"])
    expect(lines.first.locator(".name")).to_contain_text(fastest["name"])
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    assert len(download.value.path().read_text().splitlines()) == 1 + len(shipped["points"]) - own
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size({"width": 800, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_methods_on_one_prompt_are_made_and_shown_together(studio: Studio) -> None:
    page = studio.visit()
    page.goto(f"{studio.url}#compare")
    page.wait_for_selector(".panel-compare[data-ready=true]")
    trial = page.locator(".compare-trial")
    chosen = trial.locator(".trial-method[aria-pressed=true]")
    while chosen.count():
        chosen.first.click()
    trial.get_by_role("button", name="Generate these").click()
    expect(trial.locator(".trial-said")).to_contain_text("1 to 12 methods can be compared at once, got 0")
    trial.get_by_role("button", name="even-12", exact=True).click()
    trial.get_by_role("button", name="adacache-slow+forecast", exact=True).click()
    trial.get_by_label("Prompt of the trial").fill("a dog moving right fast over snow")
    trial.get_by_label("Seed of the trial").fill("7")
    studio.pace.hold_after(3)
    trial.get_by_role("button", name="Generate these").click()
    expect(trial.locator(".trial-said")).to_contain_text("1 waiting")
    studio.pace.release()
    videos = trial.locator(".trial-grid video")
    expect(videos).to_have_count(3)
    expect(trial.locator("figcaption").first).to_contain_text("Baseline")
    expect(trial).to_contain_text("12 of 30 steps")
    expect(page.locator(".compare-table tbody")).to_contain_text("(your run)")
    page.wait_for_function("[...document.querySelectorAll('.trial-grid video')].every((v) => v.readyState >= 2)")
    trial.get_by_role("button", name="Pause").click()
    trial.get_by_label("Seek all videos").fill("500")
    times = videos.evaluate_all("all => all.map((video) => video.currentTime)")
    assert max(times) - min(times) < 0.05 < times[0]
    bars = trial.locator(".timeline")
    expect(bars).to_have_count(3)  # the baseline above both methods
    expect(bars.nth(1)).to_contain_text("40 % computed")  # 12 of 30 steps
    expect(bars.nth(1).locator(".timeline-strip i")).to_have_count(30)
    trial.get_by_role("button", name="Compute", exact=True).click()
    expect(bars.first).to_contain_text("30.0 steps")
    expect(bars.nth(1)).to_contain_text("12.0 steps")
    expect(trial.locator(".timeline-unit")).to_have_text("steps of the baseline, in branches")
    widths = bars.locator(".timeline-strip").evaluate_all(
        "all => all.map((s) => [...s.children].reduce((sum, cell) => sum + cell.getBoundingClientRect().width, 0))"
    )
    assert widths[1] / widths[0] == pytest.approx(12 / 30, abs=0.04)  # a reused step stays a pixel wide
    at_end = "[...document.querySelectorAll('.timeline video')].every((v) => v.duration - v.currentTime < 0.3)"
    page.wait_for_function(at_end)
    trial.locator("button.timeline").first.click()  # the run in the Studio
    expect(page.locator(".about q")).to_have_text("a dog moving right fast over snow")
    expect(page.locator(".accelerated-title")).to_have_text("Even steps, 12")
    expect(page.locator(".tile.computed")).to_contain_text("12")
    page.click("#tab-compare")
    page.reload()  # the runs are kept: the same prompt finds them again
    page.wait_for_selector(".panel-compare[data-ready=true]")
    page.get_by_label("Prompt of the trial").fill("a dog moving right fast over snow")
    page.get_by_label("Seed of the trial").fill("7")
    page.keyboard.press("Tab")
    expect(page.locator(".trial-grid video")).to_have_count(3)


def test_the_studios_run_is_compared_with_other_methods(studio: Studio) -> None:
    page = studio.visit()
    page.get_by_role("button", name="Compare methods").click()  # of the recorded run that the page opens with
    page.wait_for_selector(".panel-compare[data-ready=true]")
    expect(page.get_by_label("Prompt of the trial")).to_have_value("a recorded prompt")
    expect(page.get_by_label("Seed of the trial")).to_have_value("0")


def test_a_trial_is_stopped(studio: Studio) -> None:
    page = studio.visit()
    page.goto(f"{studio.url}#compare")
    page.wait_for_selector(".panel-compare[data-ready=true]")
    trial = page.locator(".compare-trial")
    trial.get_by_label("Seed of the trial").fill("8")
    studio.pace.hold_after(3)
    trial.get_by_role("button", name="Generate these").click()
    expect(trial.locator(".trial-said")).to_contain_text("waiting")
    trial.get_by_role("button", name="Stop").click()
    studio.pace.release()
    expect(trial.locator(".trial-said")).to_have_text("")
    expect(trial.locator(".trial-grid video")).to_have_count(0)


def test_a_room_without_a_comparison(tmp_path: Path) -> None:
    assert compare_props(CARDS, tmp_path)["points"] == []


def test_every_point_can_be_tried_in_the_studio() -> None:
    shipped = json.loads((COMPARISONS / "sprites.json").read_text())
    linked = [with_link(point, shipped["about"], CARDS) for point in shipped["points"]]
    assert [point["name"] for point in linked if not point["link"]] == ["none"]
    for point in linked[1:]:
        request = from_query(point["link"])
        assert request.method == method_from_json(point["settings"])
        assert (request.model, request.steps) == (shipped["about"]["model"], shipped["about"]["steps"])
    assert with_link(shipped["points"][1], shipped["about"], {})["link"] == ""
