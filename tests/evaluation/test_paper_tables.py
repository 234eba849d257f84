"""The paper's tables: its numbers as printed, ours beside them, and the command on a tiny model."""

import csv
from copy import copy
from dataclasses import replace
from pathlib import Path

import pytest

from app.__main__ import main
from app.commands.compare import paper_points
from app.evaluation.comparison import rows as comparison_rows
from app.evaluation.comparison.plot import PAPER, quality_latency
from app.evaluation.comparison.table import points
from app.evaluation.paper import table_1, table_3
from app.evaluation.tables.table import PaperTable, adacache_name, methods_of, tables, to_csv, to_latex
from app.models import registry
from app.models.registry import card
from app.models.size import Size, SizeTable
from tests.evaluation.test_comparison import row
from tests.support.tiny import CARD, TinyVideoModel

OPEN_SORA = card("open-sora-1.2")


def test_the_papers_numbers_are_those_it_prints() -> None:
    ours = table_1()
    assert set(ours) == {"open-sora-1.2", "open-sora-plan-1.1", "latte-1"}
    assert all(len(model.rows) == 8 for model in ours.values())
    fast = ours["open-sora-1.2"].rows["adacache-fast"]
    assert (fast.vbench, fast.psnr, fast.lpips, fast.ssim, fast.tflops, fast.seconds, fast.speedup) == (
        79.39, 24.92, 0.0981, 0.8375, 1331.97, 24.16, 2.24,
    )  # fmt: skip
    for model in ours.values():  # the paper's speedups are its latencies' ratios
        base = model.rows["none"].seconds
        for stated in model.rows.values():
            if base and stated.seconds and stated.speedup:
                assert base / stated.seconds == pytest.approx(stated.speedup, abs=0.011)
    assert table_3()["f"].rows["slow"].seconds == 274.30


def test_lines_are_methods_of_the_model() -> None:
    titles = [line.title for line in tables()["table1"].lines(OPEN_SORA, 30)]
    adacache = ["AdaCache-fast", "AdaCache-fast (w/ MoReg)", "AdaCache-slow"]
    assert titles == ["Baseline", "Delta-DiT", "T-GATE", "PAB-fast", "PAB-slow", *adacache]
    ablations = tables()["table3"].lines(OPEN_SORA, 100)
    assert len(ablations) == 5 + 6 + 3 + 4 + 4 + 3
    by_size = methods_of(ablations)
    own = by_size.pop(None)
    assert len(own) == len(ablations) - 6 - 1 - 4  # baseline; the fast variant stands in every part
    assert len({str(method) for method in own.values()}) == len(own)
    assert {str(size): list(methods) for size, methods in by_size.items()} == {
        "102 frames of 854 x 480": ["adacache-fast-100"],
        "51 frames of 1280 x 720": ["adacache-fast-100"],
    }
    assert not any(line.part.startswith("(b)") for line in tables()["table3"].lines(card("sprites"), 30))


@pytest.mark.parametrize(
    ("model", "steps", "name"),
    [
        ("sprites", 30, "adacache-sprites-fast"),
        ("open-sora-1.2", 30, "adacache-fast"),
        ("open-sora-1.2", 100, "adacache-fast-100"),
        ("latte-1", 50, "adacache-fast-any-steps"),  # Open-Sora's, stretched: the paper gives Latte's nowhere
    ],
)
def test_the_codebook_is_the_models_own_where_it_has_one(model: str, steps: int, name: str) -> None:
    assert adacache_name(card(model), "fast", steps) == name


def test_the_command_measures_once_and_writes_every_form(tmp_path: Path, monkeypatch, capsys) -> None:
    model = TinyVideoModel()
    monkeypatch.setattr(comparison_rows, "load_model", lambda _: model)
    monkeypatch.setitem(registry.CARDS, "tiny", CARD)
    prompts, out = tmp_path / "prompts.txt", tmp_path / "out"
    prompts.write_text("a test\n")
    command = ["table3", "--model", "tiny", "--prompts", str(prompts), "--steps", "6", "--out", str(out)]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert "(d) Cache location" in printed
    assert "419.60" in printed  # the paper's seconds
    head, *lines = csv.reader((out / "table3.csv").read_text().splitlines())
    assert head[:4] == ["part", "method", "seconds", "paper"]
    assert len(lines) == 19
    measured = (out / "rows.jsonl").read_bytes()
    assert main(command) == 0
    assert (out / "rows.jsonl").read_bytes() == measured
    assert (out / "table3.tex").read_text().count(r"\\") == 20
    assert main([*command[:4], "vbench", *command[5:]]) == 2
    assert "VBench is not installed here" in capsys.readouterr().err


class Sized(TinyVideoModel):
    """The tiny model, which calls its videos by the paper's sizes."""

    card = replace(
        CARD,
        sizes=SizeTable(
            {"480p": {"4:5": (64, 80)}, "720p": {"4:5": (96, 120)}}, {"2s": 17, "4s": 34}, lambda size: None
        ),
    )

    def with_size(self, size: Size) -> "Sized":
        other = copy(self)
        other.card = replace(self.card, **vars(size))
        return other


def test_part_b_is_measured_at_every_size_that_the_model_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = Sized()
    monkeypatch.setattr(comparison_rows, "load_model", lambda _: model)
    monkeypatch.setitem(registry.CARDS, "tiny", Sized.card)
    lines = [line for line in tables()["table3"].lines(Sized.card, 6) if line.part == "(b) Sizes"]
    monkeypatch.setattr("app.evaluation.tables.table_3.TABLE", PaperTable("table3", "b", lambda *_: lines))
    prompts, out = tmp_path / "prompts.txt", tmp_path / "out"
    prompts.write_text("a test\n")
    asked = ["table3", "--model", "tiny", "--prompts", str(prompts), "--steps", "6", "--out", str(out)]
    assert main(asked) == 0
    _, *found = csv.reader((out / "table3.csv").read_text().splitlines())
    assert [line[1] for line in found] == [
        f"{variant}-{size}" for size in ("480p-2s", "480p-4s", "720p-2s") for variant in ("none", "adacache")
    ]
    assert [line[3] for line in found] == ["173.84", "38.52", "349.90", "80.16", "419.60", "89.53"]
    assert {path.parent.name for path in out.rglob("rows.jsonl")} == {"out", "80x64x34", "120x96x17"}
    psnr = (out / "table3.csv").read_text().splitlines()[0].split(",").index("PSNR")
    assert [line[psnr] == "-" for line in found] == [True, False] * 3  # a baseline is not measured against itself


def test_cells_survive_every_form() -> None:
    shown = [["a, b", "50 %"], ["c_d", "1"]]
    assert list(csv.reader(to_csv(shown).splitlines())) == shown
    assert r"50 \% \\" in to_latex(shown)
    assert r"c\_d" in to_latex(shown)


def test_a_plot_has_the_papers_points_of_its_model() -> None:
    stated = paper_points(OPEN_SORA)
    assert [point.name for point in stated] == [
        "tgate", "pab-fast", "pab-slow", "adacache-fast", "adacache-fast-moreg", "adacache-slow",
    ]  # fmt: skip
    svg = quality_latency(
        points([row(name, {"name": "even", "reuse": "hold"}, 30.0) for name in ("none", "a")]), "about", stated
    )
    assert PAPER.replace("'", "&#x27;") in svg
    assert svg.count('fill="none" stroke=') >= len(stated) + 1
    assert paper_points(card("sprites")) == []
