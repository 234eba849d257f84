"""Spread over kinds of prompts: means by what a prompt asks for, and nothing where prompts are free."""

from app.evaluation.comparison.report import to_markdown
from app.evaluation.comparison.spread import asked_for, means_by, to_cells
from app.evaluation.comparison.table import points
from app.metrics.registry import metrics
from components.compare.room import grouped
from tests.evaluation.test_comparison import row

STILL, FAST, FREE = "a dog standing still on grey", "a cat moving right fast on grey", "something else"
ASKED = {STILL: {"motion": "still", "background": "grey"}, FAST: {"motion": "right", "background": "grey"}}
PSNR = metrics()["psnr"]


def made():
    """even-10 with 40 and 44 dB on a still clip, 30 on a moving one, 10 on one of unknown words."""
    values = [(STILL, 0, 40.0), (STILL, 1, 44.0), (FAST, 0, 30.0), (FREE, 0, 10.0)]
    return points([row("even-10", None, quality, prompt, seed=seed) for prompt, seed, quality in values])


def test_prompts_say_what_they_ask_for() -> None:
    assert asked_for("sprites", [STILL, FAST]) == ASKED
    assert asked_for("open-sora-1.2", [STILL]) == {}


def test_means_by_what_is_asked_for() -> None:
    (point,) = made()
    assert means_by("motion", point, ASKED, PSNR) == {"right": 30.0, "still": 42.0}
    assert list(means_by("motion", point, ASKED, PSNR)) == ["right", "still"]  # the worst first
    assert means_by("background", point, ASKED, PSNR) == {"grey": 38.0}
    assert grouped([point], ASKED)["motion"]["psnr"] == {"even-10": {"right": 30.0, "still": 42.0}}


def test_tables_by_motion_and_background() -> None:
    cells = to_cells("motion", made(), ASKED, PSNR)
    assert cells == [["PSNR by motion", "right", "still"], ["even-10", "30.00", "42.00"]]
    assert to_cells("motion", made(), {}, PSNR) == []
    assert grouped(made(), {}) == {}
    about = {
        "title": "T",
        "prompts": 3,
        "seeds": [0, 1],
        "steps": 30,
        "guidance": 2.0,
        "device": "CPU",
        "date": "d",
    }
    assert "| PSNR by motion | right | still |" in to_markdown(made(), {**about, "asked": ASKED})
    assert "by motion" not in to_markdown(made(), about)
