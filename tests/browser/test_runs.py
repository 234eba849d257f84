"""The Runs room in a browser: open again after a restart, reuse, compare, delete, export and import, record."""

import json
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from playwright.sync_api import Page, expect

from tests.browser.conftest import Studio
from tests.browser.test_studio import generate, points, result

READY = ".panel-runs[data-ready=true]"
ATTACK = "<img src=x onerror=window.broken=true><script>window.broken=true</script>${window.broken=true}{{x}}"


def enter(page: Page) -> None:
    page.click("#tab-runs")
    page.wait_for_selector(READY)


def make_run(page: Page, prompt: str) -> str:
    """Generate with a prompt of its own and return the shown speedup."""
    page.fill("#prompt textarea", prompt)
    generate(page)
    return result(page)


def row(page: Page, prompt: str):
    return page.locator(".run", has_text=prompt)


def test_a_run_is_opened_again_after_a_restart(studio: Studio) -> None:
    page = studio.visit()
    page.fill("#seed input", "7")
    page.uncheck("#motion input")
    shown = make_run(page, "opened again")
    computed = page.inner_text(".tile.computed .value")
    rates = points(page, "rate")

    with studio.restarted() as other:
        again = other.visit()
        enter(again)
        row(again, "opened again").locator(".run-open").click()
        expect(again.locator("body.in-studio")).to_be_visible()
        expect(again.locator(".about q")).to_have_text("opened again")
        assert again.inner_text(".tile.speedup .value") == shown
        assert again.inner_text(".tile.computed .value") == computed
        assert again.input_value("#prompt textarea") == "opened again"
        assert again.input_value("#seed input") == "7"
        assert not again.is_checked("#motion input")
        again.wait_for_selector(".viewer[data-playing=true]")
        assert points(again, "rate") == rates
        again.check("#reuse-baseline input")
        generate(again)
        expect(again.locator(".tile.speedup .label")).to_have_text("Speedup, to an earlier baseline")
        expect(again.locator(".health")).to_contain_text("from an earlier run, measured on")
        assert result(again)


def test_compare_delete_and_undo(studio: Studio) -> None:
    page = studio.visit()
    make_run(page, "the third")
    make_run(page, "one of two")
    page.fill("#seed input", "3")
    make_run(page, "two of two")
    enter(page)
    page.fill("#runs-filter", "of two")
    expect(page.locator(".run")).to_have_count(2)
    for box in page.locator(".run input").all():
        box.check()
    page.click("#runs-compare")
    differing = page.locator(".comparison-tables table").first
    expect(differing.locator("th[scope=row]")).to_have_text(["Prompt", "Seed"])
    expect(page.locator(".comparison-distance path[stroke-width='1.5']")).to_have_count(2)
    differing.hover()
    differing.get_by_role("button", name="Export: Settings that differ").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Settings that differ as TEX").click()
    assert "Seed & " in Path(waiting.value.path()).read_text()
    page.wait_for_selector(".runs-comparison .viewer[data-playing=true]")
    expect(page.locator(".schedule .cell.whole").first).to_be_visible()
    expect(page.locator(".comparison-schedules .schedule")).to_have_count(2)

    page.fill("#runs-filter", "")
    page.locator(".run input:not(:checked)").first.click()
    page.get_by_role("button", name="Compare 3").click()
    expect(page.locator(".comparison-grid video")).to_have_count(3)
    expect(page.locator(".comparison-schedules .schedule")).to_have_count(3)
    expect(page.locator(".comparison-tables tr").first.locator(".letter")).to_have_text(["A", "B", "C"])
    page.fill("#runs-filter", "of two")

    row(page, "two of two").get_by_label("Delete: two of two").click()
    expect(page.locator(".run")).to_have_count(1)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".run")).to_have_count(2)


def test_export_and_import(studio: Studio, tmp_path: Path) -> None:
    page = studio.visit()
    make_run(page, "exported")
    enter(page)
    with page.expect_download() as waiting:
        row(page, "exported").get_by_label("Export as zip: exported").click()
    exported = tmp_path / "run.zip"
    waiting.value.save_as(exported)
    row(page, "exported").get_by_label("Delete: exported").click()
    expect(row(page, "exported")).to_have_count(0)
    page.set_input_files("#runs-file", exported)
    expect(page.locator(".runs-notice")).to_contain_text("was imported")
    expect(row(page, "exported")).to_contain_text("imported")

    page.set_input_files("#runs-file", exported)
    expect(page.locator(".runs-notice")).to_have_text("The run of run.zip was here already.")
    expect(row(page, "exported")).to_have_count(1)

    page.evaluate("window.broken = false")
    hostile = tmp_path / "hostile.zip"
    with ZipFile(exported) as source, ZipFile(hostile, "w", ZIP_DEFLATED) as target:
        for name in source.namelist():
            data = source.read(name)
            if name in ("trace.json", "summary.json"):
                value = json.loads(data)
                (value["request"] if name == "trace.json" else value)["prompt"] = ATTACK
                value |= {"ignored": [ATTACK]} if name == "summary.json" else {}
                data = json.dumps(value).encode()
            target.writestr(name, data)
    page.set_input_files("#runs-file", hostile)
    expect(row(page, "<img src=x")).to_have_count(1)
    row(page, "<img src=x").locator(".run-open").click()
    expect(page.locator(".about q")).to_have_text(ATTACK)
    expect(page.locator(".readout .health")).to_contain_text(ATTACK)
    expect(page.locator(".word.ignored")).to_have_text(ATTACK)
    assert page.evaluate("window.broken") is False

    enter(page)
    (tmp_path / "broken.zip").write_bytes(exported.read_bytes()[:5000])
    page.set_input_files("#runs-file", tmp_path / "broken.zip")
    expect(page.locator(".runs-notice")).to_contain_text("Not a whole zip file")


def test_record_a_run_for_the_lab(studio: Studio) -> None:
    page = studio.visit()
    make_run(page, "for the lab")
    page.get_by_role("button", name="Record for the Lab").click()
    expect(page.locator("body.in-lab")).to_be_visible()
    expect(page.locator(".chip.focused .prompt")).to_have_text("for the lab")
