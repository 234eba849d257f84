"""Share cards in a browser: made in both rooms, decoded, imported again, and refused where they are hostile."""

from pathlib import Path

import av
import numpy as np
from PIL import Image
from playwright.sync_api import Download, Page, expect

from app.generation.video import encode_mp4
from app.runs.card_sheet import WIDTH
from app.runs.share_card import KEY, read_card
from tests.browser.conftest import Studio
from tests.browser.test_runs import enter, make_run, row


def card(page: Page, prompt: str, kind: str) -> Download:
    row(page, prompt).get_by_label(f"Share card: {prompt}").click()
    expect(row(page, prompt).locator(".kinds-note")).to_have_text("The MP4 holds the settings; a GIF cannot.")
    with page.expect_download() as waiting:
        page.get_by_role("button", name=f"Share card of {prompt} as {kind}").click()
    return waiting.value


def test_a_card_is_made_and_brings_its_settings_back(studio: Studio, tmp_path: Path) -> None:
    page = studio.visit()
    page.fill("#seed input", "11")
    make_run(page, "on a card")
    enter(page)
    made = card(page, "on a card", "MP4")
    assert made.suggested_filename.endswith(".mp4")
    path = tmp_path / "card.mp4"
    made.save_as(path)
    with av.open(str(path), format="mp4") as file:
        frames = [frame.to_image() for frame in file.decode(video=0)]
    assert frames[0].width == WIDTH
    assert len(frames) > 1
    request = read_card(path)
    assert (request.prompt, request.seed) == ("on a card", 11)

    moving = tmp_path / "card.gif"
    card(page, "on a card", "GIF").save_as(moving)
    with Image.open(moving) as image:
        assert image.n_frames == len(frames)  # type: ignore[attr-defined]
    expect(page.locator(".runs-notice")).to_have_text("")

    other = studio.visit()
    enter(other)
    row(other, "on a card").get_by_label("Delete: on a card").click()
    expect(row(other, "on a card")).to_have_count(0)
    other.set_input_files("#runs-file", path)
    expect(other.locator("body.in-studio")).to_be_visible()
    expect(other.locator("#prompt textarea")).to_have_value("on a card")
    expect(other.locator("#seed input")).to_have_value("11")


def test_an_mp4_without_settings_is_refused_in_a_line(studio: Studio, tmp_path: Path) -> None:
    page = studio.visit()
    enter(page)
    frames = np.zeros((2, 64, 64, 3), np.uint8)
    for comment, said in (
        ("", "This MP4 holds no settings"),
        (f'{{"{KEY}": {{"model": "<img src=x>"}}}}', "The settings in this MP4 do not fit"),
    ):
        encode_mp4(tmp_path / "foreign.mp4", frames, (64, 64), 8, comment)
        page.set_input_files("#runs-file", tmp_path / "foreign.mp4")
        expect(page.locator(".runs-notice")).to_contain_text(said)
        assert page.locator("body.in-runs").count() == 1


def test_the_studio_makes_the_card_of_its_run(studio: Studio, tmp_path: Path) -> None:
    page = studio.visit()
    expect(page.get_by_role("button", name="Share card", exact=True)).to_be_hidden()  # the first run is not kept
    make_run(page, "shared at once")
    page.get_by_role("button", name="Share card", exact=True).click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Share card as MP4")).to_be_hidden()
    page.keyboard.press("Enter")
    with page.expect_download() as waiting:
        page.keyboard.press("Enter")  # the first kind has the focus
    waiting.value.save_as(tmp_path / "card.mp4")
    assert read_card(tmp_path / "card.mp4").prompt == "shared at once"
