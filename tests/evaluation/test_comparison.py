"""The comparison on a tiny model: rows that survive a kill, the same videos twice, the table's arithmetic."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from app.__main__ import main
from app.caching.registry import kind_of, kinds
from app.common.journal import Journal
from app.common.paths import COMPARISON_PROMPTS
from app.evaluation.comparison import rows as comparison_rows
from app.evaluation.comparison.fairness import sentences, worth
from app.evaluation.comparison.measure import Bench
from app.evaluation.comparison.palette import colour_of, palette_of
from app.evaluation.comparison.plan import families, family_of, methods_of, read_prompts
from app.evaluation.comparison.plot import quality_latency, ticks
from app.evaluation.comparison.table import bootstrap, points, worst_decile
from app.metrics.registry import metrics
from app.models import registry
from app.models.sprites.card import CARD as SPRITES
from app.models.sprites.text import understand
from app.models.sprites.vocabulary import load_vocabulary
from tests.support.tiny import CARD, TinyVideoModel

MODEL = TinyVideoModel()


@pytest.fixture
def compare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(comparison_rows, "load_model", lambda _: MODEL)
    monkeypatch.setitem(registry.CARDS, "tiny", CARD)
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("a test\n\nanother test\na test\n")

    def run(out: Path, methods: str = "adacache-fast,fixed-interval-2,fewer-steps-3", *more: str) -> int:
        given = ["--model", "tiny", "--prompts", str(prompts), "--methods", methods, "--steps", "6", *more]
        return main(["compare", *given, "--out", str(out)])

    return run


def videos(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*.mp4"))}


def test_two_comparisons_give_the_same_videos_and_figures(compare, tmp_path: Path, capsys):
    first, second = tmp_path / "first", tmp_path / "second"
    assert compare(first) == compare(second) == 0
    assert len(videos(first)) == 2 * 4
    assert videos(first) == videos(second)
    tables = [json.loads((folder / "table.json").read_text())["points"] for folder in (first, second)]
    measured = [[(p["name"], *p["quality"].values(), p["computed_fraction"]) for p in table] for table in tables]
    assert sorted(measured[0]) == sorted(measured[1])
    by_name = {p["name"]: p for p in tables[0]}
    assert by_name["none"]["quality"]["psnr"] == 100
    assert by_name["none"]["speedup"] == 1
    assert by_name["fixed-interval-2"]["computed_fraction"] == 0.5
    assert "Against even steps of the same compute and the same reuse" in capsys.readouterr().out
    assert by_name["fixed-interval-2"]["schedules"][0]["computed"] == [1, 3, 5]
    assert (first / "plot.svg").read_text().startswith("<svg")
    assert "| fixed-interval-2 |" in (first / "table.md").read_text()


def test_a_killed_comparison_goes_on_and_measures_nothing_twice(compare, tmp_path: Path, monkeypatch):
    out = tmp_path / "out"
    assert compare(out) == 0
    rows = (out / "rows.jsonl").read_text().splitlines(keepends=True)
    assert len(rows) == 1 + 2 * 4
    (out / "rows.jsonl").write_text("".join(rows[:7]) + rows[7][:40])  # torn within the second prompt
    asked = []
    measure = Bench.measure

    def watched(bench, prompt, seed, methods):
        asked.append((prompt, list(methods)))
        return measure(bench, prompt, seed, methods)

    monkeypatch.setattr(Bench, "measure", watched)
    assert compare(out) == 0
    assert asked == [("another test", ["fixed-interval-2", "fewer-steps-3"])]
    after = (out / "rows.jsonl").read_text().splitlines(keepends=True)
    assert after[:7] == rows[:7]
    assert len(after) == len(rows)
    assert compare(out) == 0
    assert len(asked) == 1
    assert compare(out, "adacache-fast,fewer-steps-3", "--guidance", "1") == 2


@pytest.mark.parametrize(
    ("methods", "more", "said"),
    [
        ("paint", (), "no method 'paint' for tiny; there are: adacache-"),
        ("pab-slow,", (), "names separated by commas"),
        ("fewer-steps-7", (), "has 7 steps, more than the baseline's 6"),
        ("adacache-fast", ("--seeds", "0,x"), "whole numbers separated by commas, got '0,x'"),
        ("adacache-fast", ("--seeds", "-1"), "seed must be a whole number"),
    ],
)
def test_bad_input(compare, methods: str, more: tuple[str, ...], said: str, tmp_path: Path, capsys):
    assert compare(tmp_path / "out", methods, *more) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_fewer_steps_are_always_among_the_methods():
    assert list(methods_of(SPRITES, 30, ["pab-slow"])) == [
        "pab-slow",
        *(f"fewer-steps-{n}" for n in (24, 20, 15, 10)),
    ]
    assert len(methods_of(SPRITES, 30, ["none"])) == 4
    usual = methods_of(SPRITES, 30)
    assert {family_of(m) for m in usual.values()} <= set(families())
    assert {kind.name for kind in kinds().values() if kind.points} <= {kind_of(m).name for m in usual.values()}
    assert {
        "adacache-fast",
        "adacache-fast-forecast",
        "tgate",
        "delta-dit",
        "first-block-0.1",
    } <= usual.keys()


def test_the_shipped_prompts_speak_of_every_slot_and_repeat_little():
    vocabulary = load_vocabulary()
    prompts = read_prompts(COMPARISON_PROMPTS)
    named = [understand(prompt, vocabulary) for prompt in prompts]
    assert len(prompts) == 12
    assert not any(one.ignored for one in named)
    said = {slot: Counter(name for one in named if (name := one.name(slot))) for slot in vocabulary.slots}
    assert len(said["object"]) == said["object"].total() == 11  # and one empty scene
    for slot in ("background", "motion"):
        assert max(said[slot].values()) <= 3, (slot, said[slot])
    for slot in ("count", "size", "change"):
        assert set(said[slot]) == set(vocabulary.names(slot)) - {vocabulary.default(slot)}
    assert len(said["texture"]) >= 3
    assert len(said["camera"]) >= 2
    assert abs(said["speed"]["fast"] - said["speed"]["slow"]) <= 1


def row(
    method: str, settings: dict[str, Any] | None, psnr: float, prompt: str = "a", **more: Any
) -> dict[str, Any]:
    """A journal's row, as `Bench.measure` writes it."""
    return {
        "prompt": prompt,
        "seed": 0,
        "method": method,
        "family": "AdaCache",
        "settings": settings,
        "motion": False,
        "baseline_seconds": 4.0,
        "seconds": 1.0,
        "computed_steps": [1, 4],
        "steps": 6,
        "computed_fraction": 0.5,
        "tflops": 1.0,
        "peak_cache_bytes": 10,
        "quality": {"psnr": psnr, "ssim": 0.8, "lpips": None},
        "mse": 0.5,
        "converged": None,
        "judged": None,
        **more,
    }


def test_the_arithmetic_of_a_point():
    rows = [
        row("x", None, 30.0),
        row("x", None, 40.0, "b", baseline_seconds=2.0, seconds=2.0, tflops=3.0, mse=0.1),
    ]
    rows[1]["judged"] = {"object": True, "speed": False}
    (point,) = points(rows)
    assert (point.speedup, point.speedups, point.tflops) == (2.5, (1.75, 3.25), 2.0)
    assert point.quality == {"psnr": 35.0, "ssim": 0.8, "lpips": None}
    assert point.mse == pytest.approx(0.3)  # of errors, where the mean of dB is of their logarithms
    assert point.worst["psnr"] == pytest.approx(31.0)  # a tenth of the way from the worst of two
    assert point.judge == {"object": 1.0, "speed": 0.0}
    assert point.judge_accuracy == 0.5
    assert [run["computed"] for run in point.schedules] == [[1, 4], [1, 4]]


def test_one_disturbed_run_does_not_decide_the_speed():
    """A machine that was ten times slower in one run, and more so on one side, moves neither speed nor order."""
    quiet = [row("x", None, 30.0, prompt, baseline_seconds=2.0, seconds=1.0) for prompt in "abcd"]
    disturbed = row("x", None, 30.0, "e", baseline_seconds=20.0, seconds=40.0)
    (point,) = points([*quiet, disturbed])
    assert (point.speedup, point.speedups) == (2.0, (2.0, 2.0))


def test_the_worst_decile_is_on_the_bad_side():
    values = list(range(11))
    assert worst_decile(values, metrics()["psnr"]) == 1
    assert worst_decile(values, metrics()["lpips"]) == 9


def test_an_interval_holds_the_mean_and_is_the_same_twice():
    values = [30.0, 31.0, 35.0, 44.0]
    low, high = bootstrap(values)
    assert low < 35.0 < high
    assert bootstrap(values) == (low, high)
    assert bootstrap([7.0, 7.0]) == (7.0, 7.0)


def test_schedules_are_held_against_even_ones_of_the_same_reuse_and_compute():
    hold, forecast = {"reuse": "hold"}, {"reuse": "forecast"}
    field = points(
        [
            *(row("ours", {"name": "adacache", **hold}, db, p) for p, db in (("a", 40.0), ("b", 38.0))),
            *(row("even", {"name": "even", **hold}, db, p) for p, db in (("a", 37.0), ("b", 36.0))),
            # sharper by its forecast, slower, or with another solver: none of these is its yardstick
            row("even+forecast", {"name": "even", **forecast}, 50.0),
            row("slow", {"name": "even", **hold}, 45.0, computed_fraction=0.6),
            row("other", {"name": "even", **hold, "solver": "dpm-2m"}, 45.0),
            row("pab", {"name": "pab"}, 45.0),
        ]
    )
    (answer,) = worth(field)
    assert (answer.method, answer.even, answer.reuse) == ("ours", "even", "hold")
    assert answer.difference == pytest.approx(2.5)  # of 3 and 2, on the runs both have
    assert answer.worst_decile == pytest.approx(38.2 - 36.1)
    assert sentences([answer])[0].startswith("ours: better than even, +2.50 dB PSNR [+2.00, +3.00]")


def test_a_plot_escapes_names_and_has_a_mark_a_point():
    field = points([row(name, {"name": "even", "reuse": "hold"}, 30.0) for name in ("none", "a", "<b>")])
    svg = quality_latency(field, "about <this>")
    assert "<b>" not in svg
    assert svg.count("<title>") == 2


def test_no_other_family_has_adacaches_orange():
    own = palette_of("AdaCache")
    assert palette_of("AdaCache+forecast") == own
    others = [*families(), *(f"Made up {i}" for i in range(40))]
    assert all(palette_of(family) != own for family in others if family.split("+")[0] != "AdaCache")
    assert colour_of("A method nobody knows") == colour_of("A method nobody knows")
    named = [palette_of(family)["light"] for family in families() if "+" not in family]
    assert len(set(named)) == len(named)


def test_ticks_are_round():
    assert ticks(0.93, 3.4) == [1.0, 1.5, 2.0, 2.5, 3.0]
    assert ticks(28.1, 51.7) == [30, 35, 40, 45, 50]


def test_a_journal_refuses_other_settings_and_damage(tmp_path: Path):
    path = tmp_path / "rows.jsonl"
    Journal.open(path, {"model": "a"}).append({"n": 1})
    assert Journal.open(path, {"model": "a"}).rows == [{"n": 1}]
    with pytest.raises(ValueError, match="other settings \\(model\\)"):
        Journal.open(path, {"model": "b"})
    path.write_text('{"settings": {"model": "a"}}\nnonsense\n{"n": 2}\n')
    with pytest.raises(ValueError, match="line 2 is damaged"):
        Journal.open(path, {"model": "a"})
    path.write_text('{"settings": {"mod')
    assert Journal.open(path, {"model": "a"}).rows == []


def test_a_forecast_is_never_held_against_held_even_steps():
    """The held even schedule is as near in compute; only the one of the same reuse may answer."""
    rows = [
        row("a+forecast", {"name": "adacache", "reuse": "forecast"}, 45.0),
        row("even-3", {"name": "even", "computed": 3, "reuse": "hold"}, 40.0),
        row("even-3+forecast", {"name": "even", "computed": 3, "reuse": "forecast"}, 44.0, computed_fraction=0.49),
    ]
    (answer,) = worth(points(rows))
    assert (answer.even, answer.difference) == ("even-3+forecast", pytest.approx(1.0))
    assert worth(points(rows[:2])) == []
