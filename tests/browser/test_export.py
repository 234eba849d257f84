"""Export of plots: seen when pointed at, in keyboard order only then; SVG, PNG and CSV hold what is drawn."""

from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from app.lab.record import record
from app.lab.recorder import RecorderConfig
from tests.browser.conftest import Studio
from tests.support.tiny import TinyVideoModel

STEPS = 12  # of the first run


def exported(page: Page, title: str, kind: str) -> bytes:
    page.get_by_role("button", name=f"Export: {title}").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name=f"{title} as {kind}").click()
    assert waiting.value.suggested_filename.endswith(f".{kind.lower()}")
    return Path(waiting.value.path()).read_bytes()


def words(svg: bytes) -> str:
    return " ".join(ElementTree.fromstring(svg).itertext())


def test_the_button_is_there_only_when_it_is_seen(studio: Studio) -> None:
    page = studio.visit()
    button = page.locator(".chart.rate .export-button")
    expect(button).to_be_hidden()
    page.locator(".chart.rate .help summary").focus()
    expect(button).to_be_visible()
    page.keyboard.press("Tab")
    expect(button).to_be_focused()
    page.locator(".chart.motion .help summary").focus()
    expect(button).to_be_hidden()
    page.locator(".chart.rate h2").hover()
    expect(button).to_be_visible()


@pytest.mark.parametrize(
    ("title", "columns"),
    [
        ("Distance", ["raw", "normalised", "regularised"]),
        ("Cache rate", ["rate"]),
        ("Motion", ["motion score", "factor", "gradient"]),
        ("Seconds, summed", ["baseline seconds", "accelerated seconds"]),
    ],
)
def test_a_chart_of_the_studio(title: str, columns: list[str], studio: Studio) -> None:
    page = studio.visit()
    page.get_by_role("heading", name=title, exact=True).hover()
    head, *lines = exported(page, title, "CSV").decode().splitlines()
    assert head.split(",") == ["step", "timestep", "computed", *columns]
    assert [line.split(",")[0] for line in lines] == [str(step) for step in range(1, STEPS + 1)]
    drawn = words(exported(page, title, "SVG"))
    assert title in drawn
    assert ("rate 6" in drawn) == (title == "Distance")
    with Image.open(BytesIO(exported(page, title, "PNG"))) as image:
        assert image.size == (1800, 640)
        assert len(image.convert("RGB").getcolors(1 << 20) or []) > 20


def test_the_psnr_of_frames_and_a_table_of_compare(studio: Studio) -> None:
    page = studio.visit()
    page.get_by_role("heading", name="PSNR per frame").hover()
    head, *lines = exported(page, "PSNR per frame", "CSV").decode().splitlines()
    assert head == "frame,PSNR in dB"
    values = [float(line.split(",")[1]) for line in lines]
    assert f"{sum(values) / len(values):.1f}" == f"{float(page.inner_text('.tile.quality .value')):.1f}"

    page.click("#tab-compare")
    page.get_by_role("heading", name="TFLOPs of the paper").hover()
    table = exported(page, "TFLOPs of the paper's Table 1", "TEX").decode()
    assert r"Open-Sora 1.2, baseline & 3230.24 & 3232.61 & 0.07 \%" in table


def test_plots_of_the_lab(studio: Studio, tmp_path: Path) -> None:
    page = studio.visit()
    page.click("#tab-lab")
    page.wait_for_selector(".panel-lab[data-settled=true]")
    expect(page.locator(".lab-blocks")).to_be_hidden()  # these recordings have one block
    page.locator(".lab-curve h2").hover()
    head, *lines = exported(page, "Distance looked up", "CSV").decode().splitlines()
    assert head == "Step,Recording A,Recording B"
    assert len(lines) == 30
    drawn = exported(page, "Distance looked up", "SVG")
    assert "rate 6" in words(drawn)
    assert b"<rect" in drawn
    with Image.open(BytesIO(exported(page, "Distance looked up", "PNG"))) as image:
        assert image.width > 400

    page.locator(".lab-heat h2").hover()
    head, *lines = exported(page, "Change by lag", "CSV").decode().splitlines()
    assert head.split(",")[:2] == ["Step", "lag 1"]
    assert len(lines) == 30
    assert b"<image" in exported(page, "Change by lag", "SVG")
    with Image.open(BytesIO(exported(page, "Change by lag", "PNG"))) as image:
        assert len(image.convert("RGB").getcolors(1 << 20) or []) > 60  # the cells too

    config = RecorderConfig(locations=(0, 1, 3))
    made = record(TinyVideoModel(), "of several blocks", seed=0, steps=8, guidance=7.0, config=config)
    made.save(tmp_path / "blocks.json")
    page.click(".lab-adding summary")
    page.set_input_files("#lab-file", tmp_path / "blocks.json")
    page.locator(".lab-blocks h2").hover()
    head, *lines = exported(page, "Change by block", "CSV").decode().splitlines()
    assert head == "step,block 0,block 1,block 3"
    assert len(lines) == 7
    assert float(lines[0].split(",")[3]) == pytest.approx(made.block_changes[3][0], rel=0.01)
    expect(page.locator(".frame-chart.blocks rect")).to_have_count(3 * 7)
