"""A metric is one file: once registered it is in the summary, the command line and the page."""

from pathlib import Path

import numpy as np
import pytest

from app.caching.methods.fixed_interval import FixedIntervalConfig
from app.generation.events import Compared
from app.generation.pair import generate_pair
from app.generation.request import Request
from app.metrics import registry
from app.metrics.registry import Metric, measure, metrics, quality_text, register
from app.models.sprites.card import CARD
from components.shared.quality import quality_props
from components.studio.video_panel import stage_props
from components.studio.view import View
from tests.support.tiny import TinyVideoModel


@pytest.fixture
def brightness(monkeypatch: pytest.MonkeyPatch) -> Metric:
    metrics()  # everything shipped is there first
    monkeypatch.setattr(registry, "_REGISTERED", dict(registry._REGISTERED))
    return register(
        Metric(
            id="brightness",
            title="Brightness",
            unit="%",
            digits=1,
            better="lower",
            description="How far the mean brightness is off.",
            source="made up",
            function=lambda one, other: 100 * abs(float(one.mean()) - float(other.mean())) / 255,
            order=9,
        )
    )


def test_the_shipped_metrics_and_their_order():
    assert list(metrics()) == ["psnr", "ssim", "lpips"]
    with pytest.raises(ValueError, match="'psnr' is registered already"):
        register(metrics()["psnr"])
    dark, light = np.zeros((1, 40, 40, 3), np.uint8), np.full((1, 40, 40, 3), 51, np.uint8)
    assert measure(dark, light)["psnr"] == pytest.approx(10 * np.log10(25))
    with pytest.raises(ValueError, match="same shape"):
        measure(dark, light[:, :20])


def test_a_made_up_metric_is_everywhere(brightness: Metric, tmp_path: Path):
    asked = Request("tiny", "a test", FixedIntervalConfig(2), steps=4)
    events = list(generate_pair(asked, tmp_path, load=lambda _: TinyVideoModel()))
    compared = events[-1]
    assert isinstance(compared, Compared), compared
    value = compared.summary["quality"]["brightness"]
    assert value is not None
    assert value > 0
    assert f"{value:.1f} % Brightness" in quality_text(compared.summary["quality"])
    view = View.start(events[0], CARD.motion)  # type: ignore[arg-type]
    for event in events[1:]:
        view = view.after(event)  # type: ignore[arg-type]
    shown = stage_props(view, CARD)["quality"]
    assert [entry["id"] for entry in shown] == ["psnr", "ssim", "lpips", "brightness"]
    assert shown[-1]["value"] == f"{value:.1f}"


def test_a_run_made_before_a_metric_says_so(brightness: Metric):
    shown = {entry["id"]: entry for entry in quality_props({"psnr": 40.0, "lpips": None}, CARD.size)}
    assert shown["psnr"]["value"] == "40.00"
    assert shown["brightness"]["reason"] == "not measured in this run"
    assert {entry["reason"] for entry in quality_props(None, CARD.size)} == {""}
