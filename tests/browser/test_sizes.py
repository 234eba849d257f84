"""The Studio from phones to large screens: how large videos, wipe and charts are, and the PSNR of the frames."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Studio
from tests.browser.test_studio import open_codebook_text, paste

WINDOWS = {390: 844, 800: 1000, 1440: 900, 1920: 1080, 2560: 1440}
LEAST_VIDEO = {390: 160, 800: 230, 1440: 250, 1920: 420, 2560: 600}
CHARTS = ".frame-psnr-chart", *(f".chart.{id} .plot" for id in ("distance", "rate", "motion", "seconds"))
LEAST_CHART = 90
LEAST_WIDE = 0.95  # of the window's height that both columns fill beside each other


def size(page: Page, selector: str) -> tuple[float, float, float, float]:
    """Left, top, width and height in pixels."""
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["x"], box["y"], box["width"], box["height"]


def resized(page: Page, width: int) -> None:
    """The window at a width, with the charts drawn anew."""
    page.set_viewport_size({"width": width, "height": WINDOWS[width]})
    page.wait_for_function(
        """() => {
             const [area, drawn] = ["", " svg.main-svg"].map((part) =>
               document.querySelector(`.chart.distance .plot${part}`).getBoundingClientRect());
             return Math.abs(drawn.width - area.width) < 1 && Math.abs(drawn.height - area.height) < 1;
           }"""
    )


def test_videos_wipe_and_charts_grow_with_the_window(studio: Studio) -> None:
    page = studio.visit()
    videos = []
    for width, height in WINDOWS.items():
        resized(page, width)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
        for side in ("baseline", "accelerated"):
            assert size(page, f".frame.{side}")[2] >= LEAST_VIDEO[width]
        videos.append(size(page, ".frame.baseline")[2])
        for chart in CHARTS:
            assert size(page, chart)[3] >= LEAST_CHART, (width, chart)
        if width >= 1440:  # two columns without voids, on one screen
            for last in (".readout", ".chart.seconds"):
                _, top, _, tall = size(page, last)
                assert LEAST_WIDE * height <= top + tall <= height, (width, last)
        page.focus(".viewer")
        page.keyboard.press("w")
        whole, wiped = size(page, ".frames"), size(page, ".frame.accelerated")
        assert wiped[2] == pytest.approx(whole[2], abs=1) or wiped[3] > 0.75 * height, (
            width
        )  # all of one or the other
        assert wiped[2] > 1.8 * videos[-1], width
        page.keyboard.press("w")
    assert videos == sorted(videos)
    assert videos[-1] > videos[-2]


def test_no_button_and_no_name_is_cut_on_a_phone(studio: Studio) -> None:
    page = studio.visit()
    resized(page, 390)
    right = page.evaluate(
        "Math.max(...[...document.querySelectorAll('.transport > *')].map((e) => e.getBoundingClientRect().right))"
    )
    assert right <= 390
    cut = "[...document.querySelectorAll('.caption .name')].filter((e) => e.scrollWidth > e.clientWidth).length"
    assert page.evaluate(cut) == 0
    page.click("#tab-lab")
    page.wait_for_selector(".panel-lab[data-settled=true]")
    fields = "[...document.querySelectorAll('.panel-lab .row-edit .threshold')]"
    assert page.evaluate(f"{fields}.length") > 0
    assert page.evaluate(f"{fields}.filter((e) => e.scrollWidth > e.clientWidth).length") == 0


def test_the_psnr_of_every_frame_follows_the_player(studio: Studio) -> None:
    page = studio.visit()
    page.wait_for_selector(".viewer[data-playing=true]")
    page.focus(".viewer")
    page.keyboard.press("Space")
    page.wait_for_selector(".viewer[data-playing=false]")
    left, top, width, height = size(page, ".frame-psnr-chart")
    page.mouse.click(left + width - 14, top + height / 2)
    last = page.inner_text(".transport .time").split("/")[1]
    expect(page.locator(".frame-psnr")).to_have_attribute("data-frame", last)
    expect(page.locator(".transport .time")).to_have_text(f"{last}/{last}")
    expect(page.locator(".frame-psnr .note")).to_contain_text(f"frame {last}: ")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".frame-psnr")).to_have_attribute("data-frame", str(int(last) - 1))


def test_a_distance_above_the_axis_has_its_number(studio: Studio) -> None:
    page = studio.visit()
    plot = "document.querySelector('.chart.distance .plot')"
    assert page.evaluate(f"{plot}.layout.annotations") == []
    open_codebook_text(page)
    paste(page, '{"0.001": 3, "0.002": 2, "1": 1}')
    page.wait_for_function(f"{plot}.layout.annotations.length > 0")
    told = page.evaluate(f"{plot}.layout.annotations.map(({{text}}) => Number(text))")
    assert min(told) > page.evaluate(f"{plot}.layout.yaxis.range[1] ** 2")
