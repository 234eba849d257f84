"""Every registered method's own view in the Studio: rows, windows, signal and fields are those of the trace."""

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.caching.fields import form_of
from app.caching.registry import kinds
from app.caching.strips import strips_of
from app.generation.pair import generate_pair
from app.generation.request import Request
from app.runs.run import Run
from app.runs.store import RunStore, about_now
from tests.browser.conftest import Studio
from tests.support.short_methods import short_method
from tests.support.tiny import CARD, TinyVideoModel

STEPS = 8
Made = Callable[[str], Run]
ROWS = """() => [...document.querySelectorAll('.branch-name')].map((name, i) => {
    const drawn = { 'cell computed': 'X', 'cell reused': '-' };
    const cells = document.querySelectorAll('.branch-strips .cells')[i].children;
    return [name.textContent, [...cells].map((cell) => drawn[cell.className] ?? '?').join('')];
})"""


@pytest.fixture(scope="module")
def made(launched: Studio) -> Iterator[Made]:
    """A short run of a method, kept where the page finds it, for as long as these tests go."""
    store, model = RunStore(launched.runs), TinyVideoModel()
    runs: dict[str, Run] = {}

    def run_of(name: str) -> Run:
        if name not in runs:
            request = Request("tiny", f"short {name}", short_method(name), steps=STEPS)
            folder = store.begin(request.key())
            for _ in generate_pair(request, folder, load=lambda _: model):
                pass
            runs[name] = store.keep(folder, about_now())
        return runs[name]

    yield run_of
    store.close()
    for run in runs.values():
        shutil.rmtree(run.folder, ignore_errors=True)


@pytest.fixture(scope="module")
def page(launched: Studio) -> Iterator[Page]:
    launched.pace.release()
    page = launched.visit()
    page.click("#tab-runs")
    page.wait_for_selector(".panel-runs[data-ready=true]")
    page.click("#tab-studio")  # Runs lists anew whenever it is entered
    yield page
    page.context.close()
    launched.pages.remove(page)
    assert launched.errors == []


@pytest.mark.parametrize("name", kinds())
def test_every_methods_view_is_that_of_its_trace(page: Page, made: Made, name: str) -> None:
    run, kind, method = made(name), kinds()[name], short_method(name)
    records = run.trace.records["accelerated"]
    shape = CARD.run_shape(tuple(record.timestep for record in records))
    strips = strips_of(method, shape, records)
    page.click("#tab-runs")
    page.click(f'[data-id="{run.id}"] .run-open')
    expect(page.locator(".about q")).to_have_text(f"short {name}")
    share = strips.share(STEPS)
    assert share == pytest.approx(run.summary["computed_fraction"])
    percent = int(100 * share + 0.5)  # as the browser rounds
    expect(page.locator(".branches-share")).to_have_text(f"{percent} % of the baseline's branches")
    if strips.in_part:
        expect(page.locator(".tile.computed")).to_contain_text(f"{percent}%")
        expect(page.locator(".tile.computed .label")).to_have_text("Branches computed")
    if method == short_method("adacache"):  # its rates are told by the strip of steps
        expect(page.locator(".branches")).to_be_hidden()
        expect(page.locator(".chart.distance")).to_be_visible()
    else:
        drawn = {s.row.name: "".join("X" if part == 1 else "-" for part in s.computed) for s in strips.strips}
        assert dict(page.evaluate(ROWS)) == drawn
        cut = "all => all.filter((name) => name.scrollWidth > name.clientWidth).map((name) => name.textContent)"
        assert page.locator(".branch-name").evaluate_all(cut) == []
        expect(page.locator(".strip-row.accelerated")).to_be_hidden()
        outlines(page, strips)
    signal(page, method)
    settings(page, kind, run)


def outlines(page: Page, strips: Any) -> None:
    """Windows lie around the cells of their steps, each explained once."""
    titles = {f"{w.about}: steps {w.steps[0]} to {w.steps[1]}" for w in strips.windows}
    assert set(page.locator(".branch-strips .window").evaluate_all("all => all.map((w) => w.title)")) == titles
    abouts = page.locator(".window-key").all_text_contents()
    assert sorted(abouts) == sorted({window.about for window in strips.windows})
    for window in strips.windows:
        title = f"{window.about}: steps {window.steps[0]} to {window.steps[1]}"
        box = page.locator(f'.branch-strips .window[title="{title}"]').first.bounding_box()
        row = list(dict.fromkeys(s.row.name for s in strips.strips)).index(window.rows[0])
        cells = page.locator(".branch-strips .cells").nth(row).locator(".cell")
        first, last = (cells.nth(step - 1).bounding_box() for step in window.steps)
        assert box
        assert first
        assert last
        assert box["x"] == pytest.approx(first["x"], abs=2.5)
        assert box["x"] + box["width"] == pytest.approx(last["x"] + last["width"], abs=2.5)
        assert box["y"] <= first["y"] <= last["y"] + last["height"] <= box["y"] + box["height"]


def signal(page: Page, method: Any) -> None:
    """The curves a method decides by, under its names, and its threshold; no chart where it measures nothing."""
    chart = page.locator(".chart.signal")
    if not method.curves:
        expect(chart).to_be_hidden()
        return
    expect(chart).to_be_visible()
    assert chart.locator(".key").all_text_contents() == [*(curve.about for curve in method.curves), "threshold"]
    limit = page.evaluate("document.querySelector('.chart.signal .plot').layout.shapes[0].y0")
    assert limit == pytest.approx(method.limit(STEPS))


def settings(page: Page, kind: Any, run: Run) -> None:
    """A labelled field with a sentence for every setting, holding what the run was made with."""
    fields = form_of(kind.config, kind.fields)
    shown = page.locator(".panel-method-fields > .method-field")
    expect(shown).to_have_count(len(fields))
    assert shown.locator("> .name").all_text_contents() == [field["label"] for field in fields]
    assert all(page.locator(".panel-method-fields .text").all_text_contents())
    for field in fields:
        if field["entry"] == "number":
            value = getattr(run.request.method, field["name"])
            entered = page.locator(".panel-method-fields").get_by_label(field["label"], exact=True).input_value()
            assert entered == ("" if value is None else f"{value:g}")


def test_an_edited_field_is_what_the_next_run_takes(page: Page, made: Made) -> None:
    page.click("#tab-runs")
    page.click(f'[data-id="{made("delta-dit").id}"] .run-open')
    expect(page.locator(".about q")).to_have_text("short delta-dit")
    expect(page.get_by_label("Blocks, last")).to_have_value("2")
    page.get_by_label("Blocks, last").fill("9")
    page.get_by_role("button", name="Generate", exact=True).click()
    expect(page.locator(".panel-message")).to_contain_text("block 9 does not exist; the model has 4 blocks")
    page.get_by_label("Blocks, last").fill("")
    page.get_by_role("button", name="Generate", exact=True).click()
    expect(page.locator(".panel-message")).to_contain_text("setting 'blocks' must be a whole number")
    page.get_by_label("Blocks, last").fill("3")
    page.get_by_role("button", name="Generate", exact=True).click()
    expect(page.locator(".branch-name").last).to_have_text("blocks 1–3")
