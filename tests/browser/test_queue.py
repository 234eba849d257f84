"""Runs that outlive the tab, in a browser: reload, close, queue, links, and settings that are still there."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import Studio
from tests.browser.test_studio import (
    DONE,
    IDLE,
    generate,
    open_codebook_text,
    paste,
    points,
    result,
    wait_for_steps,
)

READY = ".panel-queue[data-ready=true]"


def come_back(page: Page) -> None:
    page.reload()
    page.wait_for_selector(".plots[data-ready=true]")
    page.wait_for_selector(READY, state="attached")


def queued(page: Page) -> list[str]:
    """The listed prompts, in their order."""
    return page.locator(".queued-prompt").all_inner_texts()


def add(page: Page, prompt: str) -> None:
    page.fill("#prompt textarea", prompt)
    page.click("#generate")


def test_a_reload_in_mid_run_finds_the_run_with_its_plots(studio: Studio) -> None:
    page = studio.visit()
    before = studio.folders()
    page.fill("#prompt textarea", "reloaded in between")
    page.get_by_label("Seed").fill("17")
    studio.pace.hold_after(12)
    generate(page)
    wait_for_steps(page, 12)
    come_back(page)
    wait_for_steps(page, 12)
    expect(page.locator(".about q")).to_have_text("reloaded in between")
    expect(page.locator("#prompt textarea")).to_have_value("reloaded in between")
    expect(page.get_by_label("Seed")).to_have_value("17")
    expect(page.locator("#generate")).to_have_text("Add to queue")
    expect(page.locator(".panel-message")).to_contain_text("of 60 steps")
    studio.pace.release()
    assert result(page).endswith("×")
    assert points(page, "rate") > 2
    assert len(studio.folders() - before) == 1


def test_a_run_whose_tab_is_closed_goes_on_and_is_shown_to_whoever_comes_back(studio: Studio) -> None:
    page = studio.visit()
    before = studio.folders()
    page.fill("#prompt textarea", "left alone")
    studio.pace.hold_after(4)
    generate(page)
    wait_for_steps(page, 4)
    context = page.context
    page.close()
    other = studio.visit()  # another browser sees nothing of it, but waits for it
    other.fill("#prompt textarea", "somebody else")
    other.click("#generate")
    expect(other.locator(".panel-message")).to_contain_text("1 run goes first")
    assert queued(other) == ["somebody else"]
    studio.pace.release()
    result(other)
    assert len(studio.folders() - before) == 2

    again = context.new_page()
    again.set_default_timeout(180_000)
    again.goto(studio.url)
    again.wait_for_selector(f"{DONE}:not(:has(.badge:text('recorded run')))")
    again.click("#tab-runs")
    expect(again.locator(".run", has_text="left alone")).to_have_count(1)
    again.close()
    context.close()
    studio.pages.remove(page)


def test_three_queued_runs_are_reordered_cancelled_and_made(studio: Studio) -> None:
    page = studio.visit()
    before = studio.folders()
    studio.pace.hold_after(2)
    add(page, "goes first")
    wait_for_steps(page, 2)
    for prompt in ("second", "third", "fourth"):
        add(page, prompt)
        expect(page.locator(".queued-prompt").last).to_have_text(prompt)
    expect(page.locator(".queued").last).to_contain_text("3 runs go first, about")
    add(page, "fourth")
    expect(page.locator(".panel-message")).to_contain_text("This very run is in the queue already")
    page.get_by_label("Earlier: fourth").click()
    expect(page.locator(".queued-prompt").nth(2)).to_have_text("fourth")
    assert queued(page) == ["goes first", "second", "fourth", "third"]
    page.get_by_label("Cancel: second").click()
    expect(page.locator(".queued.waiting")).to_have_count(2)
    expect(page.locator(".queued.stopped .queued-prompt")).to_have_text(["second"])
    come_back(page)
    expect(page.locator(".queued.waiting .queued-prompt")).to_have_text(["fourth", "third"])
    studio.pace.release()
    page.wait_for_selector(IDLE)
    result(page)
    expect(page.locator(".about q")).to_have_text("third")
    expect(page.locator(".queued.done .queued-prompt")).to_have_text(["goes first", "fourth", "third"])
    assert len(studio.folders() - before) == 3
    come_back(page)
    expect(page.locator(".about q")).to_have_text("third")
    expect(page.locator(".queue-list")).to_be_hidden()


def test_stop_ends_the_run_that_goes_and_the_next_begins(studio: Studio) -> None:
    page = studio.visit()
    studio.pace.hold_after(2)
    add(page, "to be stopped")
    wait_for_steps(page, 2)
    add(page, "comes after it")
    expect(page.locator(".queued.waiting")).to_have_count(1)
    page.click("#stop")
    studio.pace.release()
    expect(page.locator(".about q")).to_have_text("comes after it")
    result(page)
    expect(page.locator(".queued.stopped .queued-prompt")).to_have_text(["to be stopped"])


def test_a_file_of_prompts_is_queued_line_by_line(studio: Studio, tmp_path: Path) -> None:
    page = studio.visit()
    (tmp_path / "prompts.txt").write_bytes(b"\xef\xbb\xbfa dog\r\n\r\na cat\na dog\n")
    (tmp_path / "latin.txt").write_bytes("ein Bär".encode("latin-1"))
    page.set_input_files("#prompts-file", tmp_path / "latin.txt")
    expect(page.locator(".library-said")).to_contain_text("latin.txt is not UTF-8 text")
    studio.pace.hold_after(2)
    page.set_input_files("#prompts-file", tmp_path / "prompts.txt")
    expect(page.locator(".panel-message")).to_contain_text("2 runs were added")
    expect(page.locator(".queued-prompt")).to_have_text(["a dog", "a cat"])
    studio.pace.release()
    expect(page.locator(".queued.done")).to_have_count(2)


def test_a_link_restores_its_run_or_says_that_nothing_was_generated(studio: Studio) -> None:
    page = studio.visit()
    page.fill("#prompt textarea", "sent to a friend")
    generate(page)
    shown = result(page)
    link = copied(page)
    assert "run=" in link

    friend = studio.visit()
    friend.goto(link)
    expect(friend.locator(".about q")).to_have_text("sent to a friend")
    assert friend.inner_text(".tile.speedup .value") == shown
    expect(friend.locator("#prompt textarea")).to_have_value("sent to a friend")
    come_back(friend)  # the run that was shown, not the one before it
    expect(friend.locator(".about q")).to_have_text("sent to a friend")

    page.click("#tab-runs")
    page.get_by_label("Delete: sent to a friend").click()
    expect(page.locator(".run", has_text="sent to a friend")).to_have_count(0)
    late = studio.visit()
    late.goto(link)
    expect(late.locator(".panel-message")).to_contain_text("This link's run is not kept here")
    expect(late.locator(".health")).to_contain_text("Nothing has been generated with these settings yet")
    expect(late.locator("#prompt textarea")).to_have_value("sent to a friend")
    assert late.inner_text(".tile.speedup .value") == "–"
    assert late.locator(".strip .cell:is(.computed, .reused)").count() == 0
    assert late.locator(".frame.playable").count() == 0
    late.wait_for_selector(READY, state="attached")
    assert "?" not in late.url
    generate(late)
    result(late)


def copied(page: Page) -> str:
    page.click("#copy-link")
    page.wait_for_function("document.getElementById('share-link').value !== ''")
    return page.input_value("#share-link")


def test_settings_survive_a_reload(studio: Studio) -> None:
    page = studio.visit()
    page.fill("#prompt textarea", "still here")
    page.fill("#steps input", "12")
    page.uncheck("#motion input")
    open_codebook_text(page)
    paste(page, '{"0.05": 3, "0.5": 2, "1": 1}')
    expect(page.locator(".panel-codebook .row-edit")).to_have_count(3)
    page.wait_for_function("localStorage.getItem('adacache-settings').includes('0.05')")
    come_back(page)
    expect(page.locator("#prompt textarea")).to_have_value("still here")
    expect(page.locator("#steps input")).to_have_value("12")
    expect(page.locator(".panel-codebook .threshold").first).to_have_value("0.05")
    assert not page.is_checked("#motion input")
