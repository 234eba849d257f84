"""Painting a schedule in the Lab: mouse, keyboard, predicted numbers, locks, the real run, the Studio, files."""

import json
import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import Studio
from tests.browser.test_lab import after, lab  # noqa: F401 (a fixture)

PAINTED = ".lab-paint[data-settled=true]"  # the server has answered to the painted schedule


def cells(page: Page) -> str:
    kinds = page.locator(".paint-cell").evaluate_all("l => l.map(c => c.className)")
    return "".join("X" if "computed" in kind else "." for kind in kinds)


def steps(page: Page) -> list[int]:
    return [step for step, cell in enumerate(cells(page), start=1) if cell == "X"]


def predicted(page: Page) -> list[str]:
    page.wait_for_selector(PAINTED)
    return page.locator(".paint-numbers .value").all_inner_texts()


def drag(page: Page, first: int, last: int) -> None:
    """Press a step and go to another with the button held."""
    boxes = [page.locator(".paint-cell").nth(step - 1).bounding_box() for step in (first, last)]
    (x0, y0), (x1, y1) = [(b["x"] + b["width"] / 2, b["y"] + b["height"] / 2) for b in boxes if b]
    page.mouse.move(x0, y0)
    page.mouse.down()
    page.mouse.move(x1, y1, steps=3)
    page.mouse.up()


def test_a_drag_paints_and_the_numbers_follow(lab: Callable[..., Page]) -> None:  # noqa: F811
    page = lab()
    codebooks, before = cells(page), predicted(page)
    expect(page.locator(".paint-beside")).to_have_text("The codebook's schedule.")
    reused = codebooks.index(".") + 1
    drag(page, reused, reused + 6)
    assert cells(page)[reused - 1 : reused + 6] == "X" * 7
    more = predicted(page)
    assert int(more[0]) > int(before[0])
    assert float(more[1].rstrip("×")) < float(before[1].rstrip("×"))
    assert more[2] != before[2]
    expect(page.locator(".paint-beside")).to_have_text(
        re.compile(r"^To the codebook on A: [+−][\d.]+ dB, \d+ steps? more\. Mean of 2: ")
    )
    drag(page, reused + 6, reused)  # the first step of a gesture says what it does
    assert cells(page)[reused - 1 : reused + 6] == "." * 7
    page.click("#lab-paint-undo")
    assert predicted(page) == more
    after(page, lambda: page.select_option("#lab-preset", "slow"))
    assert predicted(page) == more  # painted, it no longer follows the codebook
    page.click("#lab-paint-reset")
    page.select_option("#lab-preset", "fast")
    expect(page.locator(".lab-paint")).to_have_attribute("data-own", "false")
    page.wait_for_function(
        f"[...document.querySelectorAll('.paint-cell.computed')].length === {codebooks.count('X')}"
    )
    assert cells(page) == codebooks


def test_by_keyboard(lab: Callable[..., Page]) -> None:  # noqa: F811
    page = lab()
    step = page.get_by_role("checkbox", name=re.compile("^Step 1, always computed"))
    step.focus()
    page.keyboard.press("Space")
    assert cells(page)[0] == "X"
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    before = cells(page)
    page.keyboard.press("Space")
    assert cells(page)[28] != before[28]
    page.keyboard.press("Shift+ArrowLeft")
    assert cells(page)[27] == cells(page)[28]
    page.keyboard.press("l")
    expect(page.locator(".paint-cell").nth(27)).to_have_attribute(
        "aria-label", re.compile("^Step 28, .*, locked$")
    )
    locked = cells(page)[27]
    page.keyboard.press("Space")
    assert cells(page)[27] == locked
    drag(page, 26, 30)
    assert cells(page)[27] == locked
    page.keyboard.press("Home")
    expect(page.locator(".paint-cell").first).to_be_focused()


def test_a_run_makes_exactly_the_painted_steps(lab: Callable[..., Page], studio: Studio) -> None:  # noqa: F811
    page = lab()
    drag(page, 8, 8)
    page.select_option("#lab-reuse", "forecast")
    wanted = steps(page)
    predicted(page)
    page.click("#lab-paint-run")
    message = page.locator(".lab-paint .lab-message")
    expect(message).to_contain_text(
        f"Simulated {len(wanted)} computed steps, real {len(wanted)}; equal step for step."
    )
    expect(message).to_contain_text("Measured")
    real = page.locator(".paint-real i").evaluate_all("l => l.map(c => c.className)")
    assert [step for step, kind in enumerate(real, start=1) if kind == "computed"] == wanted
    expect(page.locator(".lab-numbers .lab-message")).to_be_empty()
    drag(page, 20, 20)
    expect(page.locator(".paint-real")).to_be_hidden()


def test_the_studio_gets_the_painted_steps(lab: Callable[..., Page]) -> None:  # noqa: F811
    page = lab()
    drag(page, 8, 12)
    wanted = " ".join(map(str, steps(page)))
    page.click("#lab-paint-studio")
    expect(page.get_by_label("Computed steps", exact=True)).to_have_value(wanted)
    expect(page.locator("#method input")).to_have_value("Listed steps")
    expect(page.get_by_role("tab", name="Studio")).to_have_attribute("aria-selected", "true")


def test_the_rest_is_searched_around_locked_steps(lab: Callable[..., Page]) -> None:  # noqa: F811
    page = lab()
    for step in (3, 5, 4, 6):  # an uneven schedule
        if cells(page)[step - 1] == ".":
            drag(page, step, step)
    page.click("#lab-paint-lock")
    drag(page, 3, 4)
    expect(page.locator(".paint-cell.locked")).to_have_count(2)
    before, count = cells(page), cells(page).count("X")
    message = page.locator(".lab-paint .lab-message")
    page.click("#lab-paint-search")
    expect(message).to_contain_text(
        re.compile(r"predicted [\d.]+ dB, before [\d.]+ dB, with \d+ computed steps, mean of 2")
    )
    assert cells(page) != before
    assert cells(page).count("X") == count
    assert cells(page)[2:4] == "XX"
    page.click("#lab-paint-undo")
    assert cells(page) == before


def test_a_schedule_is_kept_and_opened_again(lab: Callable[..., Page], tmp_path: Path) -> None:  # noqa: F811
    page = lab()
    drag(page, 8, 10)
    painted = steps(page)
    with page.expect_download() as download:
        page.click("#lab-paint-keep")
    kept = json.loads(Path(download.value.path()).read_text())
    assert (kept["steps"], kept["computed"], kept["reuse"], kept["model"]) == (30, painted, "hold", "tiny")
    assert download.value.suggested_filename == f"schedule-{len(painted)}-of-30.json"
    page.click("#lab-paint-reset")
    message = page.locator(".lab-paint .lab-message")
    said = {
        "broken.json": ("{", "not a whole JSON file"),
        "long.json": (json.dumps({**kept, "steps": 60}), "a schedule of 60 steps; the recording in front has 30"),
        "late.json": (json.dumps({**kept, "computed": [1, 31]}), "computes step 31 of 30"),
        "codebook.json": ('{"0.08": 6, "1.00": 1}', 'The file of a schedule begins with "schedule": 1'),
        "kept.json": (json.dumps({**kept, "reuse": "forecast"}), "kept.json is open."),
    }
    for name, (text, reason) in said.items():
        (tmp_path / name).write_text(text)
        page.set_input_files("#lab-paint-file", tmp_path / name)
        expect(message).to_contain_text(reason)
    assert steps(page) == painted
    expect(page.locator("#lab-reuse")).to_have_value("forecast")
