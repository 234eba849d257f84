"""The Studio page in a browser: a run to its end, stopped, refused, and by two visitors."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Studio

IDLE = "#generate:has-text('Generate')"
RUNNING = "#stop:not([disabled])"
DONE = ".panel-video-panel[data-state=done]"
BOTH_SIDES = 30
ROWS_ERROR = ".panel-codebook section > .codebook-error"


def generate(page: Page) -> None:
    """Press Generate and wait until another run than the one shown has begun; it may be over already."""
    known = page.get_attribute(".panel-video-panel", "data-run")
    page.click("#generate")
    page.wait_for_function(
        "(known) => document.querySelector('.panel-video-panel').dataset.run !== known", arg=known
    )


def queue_up(page: Page) -> None:
    """Press Generate while the device is busy or held."""
    page.click("#generate")
    page.wait_for_selector(RUNNING)


def refusal(page: Page, reason: str) -> None:
    """Press Generate and wait until the message line says why nothing is run."""
    page.click("#generate")
    expect(page.locator(".panel-message")).to_contain_text(reason)


def wait_for_steps(page: Page, steps: int) -> None:
    """Until so many steps of both sides together are drawn."""
    page.wait_for_selector(".panel-video-panel:not(:has(.badge))")
    page.wait_for_function(f"Number(document.querySelector('.panel-charts').dataset.steps) >= {steps}")


def result(page: Page) -> str:
    """The speedup, once the run is over and all of it is drawn."""
    page.wait_for_selector(f"{DONE}:not(:has(.badge))")
    page.wait_for_selector(IDLE)
    page.wait_for_selector(".panel-charts[data-state=done]")
    return page.inner_text(".tile.speedup .value")


def open_codebook_text(page: Page) -> None:
    page.click(".codebook-text summary")


def paste(page: Page, text: str) -> None:
    page.fill("#codebook-paste", text)
    page.get_by_role("button", name="Use this JSON").click()


def thresholds(page: Page) -> list[str]:
    return [field.input_value() for field in page.locator(".panel-codebook .threshold").all()]


def places(page: Page) -> list[str]:
    """Where everything stands that must not move."""
    names = "#generate;#model;.frame.accelerated;.caption.baseline;.transport;.tiles;.strip;.chart.distance"
    found: list[str] = page.evaluate(
        """(names) => names.map((name) => {
             const {x, y, width, height} = document.querySelector(name).getBoundingClientRect();
             return [name, x, y, width, height].join(" ");
           })""",
        names.split(";"),
    )
    return found


def points(page: Page, chart: str, trace: int = 0) -> int:
    return int(page.evaluate(f"document.querySelector('.chart.{chart} .plot').data[{trace}].x.length"))


def test_page_shows_a_recorded_run_and_asks_nobody_else(studio: Studio) -> None:
    page = studio.browser.new_page()
    studio.pages.append(page)
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(studio.url)
    page.wait_for_selector(".plots[data-ready=true]")
    expect(page.locator(".badge")).to_have_text("recorded run")
    expect(page.locator(".about q")).to_have_text("a recorded prompt")
    page.wait_for_selector(".viewer[data-playing=true]")
    assert page.locator(".strip-row.accelerated .cell.computed, .strip-row.accelerated .cell.reused").count() == 12
    assert [url for url in asked if not url.startswith((studio.url, "data:", "blob:"))] == []
    assert errors == []


def test_generate_to_the_end(studio: Studio) -> None:
    page = studio.visit()
    before = studio.folders()
    studio.pace.hold_after(8)
    generate(page)
    wait_for_steps(page, 1)
    assert page.inner_text(".tile.speedup .value") == "–"
    expect(page.locator(".frame.baseline .preview")).to_have_attribute("src", re.compile("^data:image/webp"))
    studio.pace.release()
    assert result(page).endswith("×")

    (folder,) = studio.folders() - before
    summary = json.loads((folder / "summary.json").read_text())
    computed = summary["computed_steps"]
    assert page.inner_text(".tile.speedup .value") == f"{summary['speedup']:.2f}×"
    allowed = f"{summary['compute_share']:.0%} of branches: at most {summary['speedup_allowed']:.2f}×"
    assert page.inner_text(".tile.speedup .others") == allowed.replace("%", " %")
    for said in summary["speed_notes"]:
        expect(page.locator(".health")).to_contain_text(said)
    assert page.inner_text(".tile.quality .value") == f"{summary['quality']['psnr']:.2f}"
    assert page.inner_text(".tile.computed .value") == str(computed)
    assert page.locator(".strip-row.accelerated .computed").count() == computed
    assert page.locator(".strip-row.baseline .computed").count() == BOTH_SIDES
    assert points(page, "distance", 2) == computed - 1
    assert points(page, "rate") == computed
    assert points(page, "motion") == computed - 1
    expect(page.locator(".word:not(.ignored)")).to_have_text("test")
    expect(page.locator(".word.ignored")).to_have_text("foo")
    expect(page.locator(".health")).to_contain_text("foo")


def test_the_words_of_a_long_prompt_are_all_seen(studio: Studio) -> None:
    page = studio.visit()
    hidden = page.locator(".panel-prompt-words").evaluate(
        """(panel) => {
            const words = ["three", "large", "cars", "moving left", "fast", "snow", "camera zooms in"];
            panel.replaceChildren(...words.map((word) => {
                const chip = document.createElement("span");
                chip.className = "word";
                chip.textContent = word;
                return chip;
            }));
            return panel.scrollHeight - panel.clientHeight;
        }"""
    )
    assert hidden == 0


def test_videos_play_in_sync(studio: Studio) -> None:
    page = studio.visit()
    generate(page)
    result(page)
    page.wait_for_selector(".viewer[data-playing=true]")
    page.wait_for_function("Number(document.querySelector('.viewer').dataset.drift) < 1 / 8")
    page.focus(".viewer")
    page.keyboard.press("Space")
    page.wait_for_selector(".viewer[data-playing=false]")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    same = "(([a, b]) => !a.seeking && !b.seeking && a.currentTime === b.currentTime)"
    page.wait_for_function(f"{same}(document.querySelectorAll('.video'))")
    page.keyboard.press("w")
    expect(page.locator(".frames.wiping")).to_be_visible()


def test_stop_keeps_what_is_shown_and_the_next_run_is_whole(studio: Studio) -> None:
    page = studio.visit()
    before = studio.folders()
    studio.pace.hold_after(6)
    generate(page)
    wait_for_steps(page, 6)
    page.click("#stop")
    expect(page.locator(".panel-message")).to_have_text("Stopping")
    studio.pace.release()
    expect(page.locator(".panel-message")).to_contain_text("Stopped")
    page.wait_for_selector(IDLE)
    assert page.locator(".strip .cell:is(.computed, .reused)").count() in (
        6,
        7,
    )  # a held step may reuse everything
    assert page.inner_text(".tile.speedup .value") == "–"
    assert studio.folders() == before
    generate(page)
    result(page)
    assert page.locator(".strip-row.baseline .computed").count() == BOTH_SIDES
    assert len(studio.folders() - before) == 1


def test_bad_input_is_named_and_nothing_is_lost(studio: Studio) -> None:
    page = studio.visit()
    generate(page)
    shown = result(page)
    page.fill("#prompt textarea", "   ")
    refusal(page, "prompt is empty")
    page.fill("#prompt textarea", "gibberish")
    refusal(page, "No known word in the prompt")
    page.wait_for_selector(IDLE)
    assert page.inner_text(".tile.speedup .value") == shown
    assert page.input_value("#prompt textarea") == "gibberish"

    page.locator(".panel-codebook .threshold").nth(1).fill("0.05")
    expect(page.locator(ROWS_ERROR)).to_contain_text("thresholds must increase")
    refusal(page, "thresholds must increase")
    assert thresholds(page)[:3] == ["0.08", "0.05", "0.24"]
    page.locator(".panel-codebook .threshold").nth(1).fill("0.1x")
    expect(page.locator(ROWS_ERROR)).to_contain_text("threshold in row 2 is not a number")
    expect(page.locator(".panel-codebook [aria-invalid=true]")).to_have_count(1)
    expect(page.get_by_label("Threshold of row 2")).to_have_attribute("aria-invalid", "true")
    page.locator(".panel-codebook .threshold").nth(1).fill("0.1")
    expect(page.locator(ROWS_ERROR)).to_be_empty()
    expect(page.get_by_label("Codebook", exact=True)).to_have_value("custom")
    page.get_by_label("Remove row 6").click()
    assert page.locator(".panel-codebook .row-edit").count() == 5
    page.fill("#prompt textarea", "a test")
    generate(page)
    result(page)
    assert points(page, "rate") > 2


def test_markup_in_text_fields_is_inert(studio: Studio) -> None:
    page = studio.visit()
    page.evaluate("window.broken = false")
    attack = "<img src=x onerror=window.broken=true><script>window.broken=true</script>${window.broken=true}{{x}}"
    page.fill("#prompt textarea", attack)
    open_codebook_text(page)
    paste(page, '{"<img src=x onerror=window.broken=true>": 1}')
    expect(page.locator(".codebook-text .codebook-error")).to_contain_text("<img")
    page.locator(".panel-codebook .threshold").nth(0).fill(attack)
    page.fill("#prompt textarea", attack)
    page.click("#library-open")
    page.fill(".shelf input", attack)
    expect(page.locator(".shelf-none")).to_be_visible()
    page.keyboard.press("Escape")
    paste(page, '{"0.1": 2, "1": 1}')
    expect(page.locator(ROWS_ERROR)).to_be_empty()
    generate(page)
    result(page)
    expect(page.locator(".about q")).to_have_text(attack)
    assert page.evaluate("window.broken") is False


def test_a_double_click_is_one_run(studio: Studio) -> None:
    page = studio.visit()
    before = studio.folders()
    studio.pace.hold_after(4)
    page.dblclick("#generate")
    page.wait_for_selector(RUNNING)
    studio.pace.release()
    result(page)
    generate(page)  # comes after anything the second press might have left waiting
    result(page)
    assert len(studio.folders() - before) == 2


def test_a_second_visitor_waits_for_the_first(studio: Studio) -> None:
    first, second, third = studio.visit(), studio.visit(), studio.visit()
    studio.pace.hold_after(0)
    queue_up(first)
    queue_up(second)
    expect(second.locator(".panel-message")).to_contain_text("1 run goes first")
    queue_up(third)
    expect(third.locator(".panel-message")).to_contain_text("2 runs go first")
    third.click("#stop")
    third.wait_for_selector(IDLE)
    studio.pace.release()
    result(first)
    result(second)


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (800, 1000)])
def test_nothing_moves_while_a_run_streams(studio: Studio, width: int, height: int) -> None:
    page = studio.visit(width, height)
    studio.pace.hold_after(1)
    generate(page)
    wait_for_steps(page, 1)
    early = places(page)
    studio.pace.hold_after(30)
    wait_for_steps(page, 31)
    assert places(page) == early
    studio.pace.release()
    result(page)
    assert places(page) == early
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert width < 1440 or page.evaluate("document.documentElement.scrollHeight <= innerHeight")
