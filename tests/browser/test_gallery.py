"""The gallery of the first view: its slider, its clips, how it closes, and a header that cuts nothing."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.caching.methods.adacache import AdaCacheConfig
from app.lab.gallery import Gallery, load_gallery, scaled
from app.lab.recording import load_recording
from app.lab.simulate import simulate
from tests.browser.conftest import Studio

OPEN = ".panel-gallery:not([hidden])"
CLIP = ".gallery-clip"
SLIDE = "(slider, place) => { slider.value = place; slider.dispatchEvent(new Event('input')); }"
NEVER_IDLE = "window.requestIdleCallback = (act, { timeout } = {}) => timeout && setTimeout(act, timeout)"
DECODED = "videos => Promise.all(videos.map(({ poster: src }) => Object.assign(new Image(), { src }).decode()))"


@pytest.fixture
def shown(gallery: Path) -> Gallery:
    found = load_gallery(gallery)
    assert found
    return found


def first_visit(studio: Studio, width: int = 1440) -> Page:
    page = studio.visit(width, first=True)
    page.wait_for_selector(".panel-gallery[data-ready=true]")
    return page


def schedules(page: Page) -> dict[str, list[int]]:
    """Computed steps of every clip, by name."""
    found: dict[str, str] = page.eval_on_selector_all(
        CLIP, "cards => Object.fromEntries(cards.map(({ dataset }) => [dataset.name, dataset.computed]))"
    )
    return {name: [int(step) for step in steps.split()] for name, steps in found.items()}


def simulated(recordings: Path, method: AdaCacheConfig) -> dict[str, list[int]]:
    paths = sorted(recordings.glob("*.json"))
    return {path.stem: list(simulate(load_recording(path), method).computed) for path in paths}


def test_the_slider_shows_what_the_lab_simulates(studio: Studio, shown: Gallery, recordings: Path) -> None:
    page = first_visit(studio)
    page.add_init_script(NEVER_IDLE)
    page.reload()
    page.wait_for_selector(".panel-gallery[data-ready=true]")
    page.eval_on_selector_all(".gallery video", DECODED)  # a picture stands there before any video has loaded
    page.wait_for_function("[...document.querySelectorAll('.gallery video')].every((v) => v.currentTime > 0)")
    strips = "list => list.map((strip) => strip.style.background)"
    seen = []
    for position in (0, len(shown.scales) // 2, len(shown.scales) - 1):
        page.eval_on_selector("#gallery-slider", SLIDE, position)
        assert schedules(page) == simulated(recordings, scaled(shown.method, shown.scales[position]))
        seen.append(page.eval_on_selector_all(".gallery-strip", strips))
        counts = page.locator(".gallery-figures b").all_inner_texts()
        assert counts == [str(len(clip.computed[position])) for clip in shown.clips]
        expect(page.locator(".gallery-scale")).to_have_text(f"× {shown.scales[position]:.2f}")
    assert seen[0] != seen[-1]
    page.focus("#gallery-slider")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".gallery-scale")).to_have_text(f"× {shown.scales[-2]:.2f}")


def test_a_press_opens_a_clip_in_the_studio(studio: Studio, shown: Gallery) -> None:
    page = first_visit(studio)
    clip, position = shown.clips[-1], 3
    page.eval_on_selector("#gallery-slider", SLIDE, position)
    before = page.evaluate("scrollY")
    page.locator(CLIP).last.click()
    expect(page.locator("#prompt textarea")).to_have_value(clip.prompt)
    expect(page.get_by_label("Seed", exact=True)).to_have_value(str(clip.seed))
    expect(page.locator("#motion input")).to_be_checked()
    fields = page.locator(".panel-codebook .threshold").all()[:-1]  # the last is never compared with
    method = shown.request(clip.name, position).adacache
    assert method
    assert [float(field.input_value()) for field in fields] == list(method.codebook.thresholds[:-1])
    expect(page.locator(".panel-video-panel")).to_have_attribute("data-state", "unmade")  # no other run's pictures
    expect(page.locator(OPEN)).to_be_visible()
    assert page.evaluate("scrollY") == before
    studio.pace.hold_after(1)
    page.click("#generate")
    expect(page.locator(OPEN)).to_have_count(0)  # the run has the bench
    page.wait_for_selector(".panel-video-panel[data-state=running]")
    expect(page.locator(".about q")).to_have_text(clip.prompt)
    page.locator("#gallery-button").click()
    page.locator(CLIP).first.click()
    expect(page.locator(".message-notice")).to_contain_text("your run that goes")
    expect(page.locator("#prompt textarea")).to_have_value(clip.prompt)
    page.click("#stop")
    studio.pace.release()
    page.wait_for_selector("#stop[disabled]")


def test_it_stays_closed_until_it_is_opened(studio: Studio) -> None:
    page = first_visit(studio)
    form = page.locator("#generate").bounding_box()
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.locator(OPEN)).to_have_count(0)
    expect(page.locator("#gallery-button")).to_be_focused()
    assert page.locator("#generate").bounding_box() == form
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    page.reload()
    page.wait_for_selector(".panel-gallery[data-ready=true]", state="attached")
    expect(page.locator(OPEN)).to_have_count(0)
    page.click("#gallery-button")
    expect(page.locator(OPEN)).to_be_visible()
    expect(page.locator("#gallery-button")).to_have_attribute("aria-expanded", "true")
    page.get_by_role("button", name="Pause all clips").click()
    assert page.eval_on_selector_all(f"{CLIP} video", "videos => videos.every((video) => video.paused)")
    page.goto(f"{studio.url}?run=none")  # a link shows its run
    page.wait_for_selector(".panel-gallery[data-ready=true]", state="attached")
    expect(page.locator(OPEN)).to_have_count(0)


def test_the_sentence_and_the_figures_are_never_cut(studio: Studio) -> None:
    page = first_visit(studio)
    cut = """
    () => {
      const box = document.querySelector(".panel-header").getBoundingClientRect();
      const sentence = document.querySelector(".panel-header .sentence");
      const range = document.createRange();
      range.selectNodeContents(sentence);
      const text = range.getBoundingClientRect();
      const across = text.left >= 0 && text.right <= innerWidth;
      const inside = across && text.top >= box.top && text.bottom <= box.bottom;
      const figures = [...document.querySelectorAll(".gallery-figures, .gallery-heading")];
      const fit = figures.every((element) => element.scrollWidth <= element.clientWidth);
      return inside && fit && document.documentElement.scrollWidth <= innerWidth;
    }
    """
    fitting = {}
    for width in (360, 390, 520, 521, 800, 1001, 1240, 1340, 1420, 1421, 1440, 1640, 1759, 1760, 1920, 2560):
        page.set_viewport_size({"width": width, "height": 900})
        fitting[width] = page.evaluate(cut)
    assert all(fitting.values()), fitting
    assert re.match("AdaCache makes .*change little.$", page.inner_text(".panel-header .sentence"))
