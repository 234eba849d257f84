"""VBench: its leaderboard's arithmetic on a published row, videos laid out as it reads them, and bad files."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from app.__main__ import main
from app.caching.names import named_method
from app.evaluation.vbench.export import export
from app.evaluation.vbench.package import INSTALL, read_prompts
from app.evaluation.vbench.scores import BY_ID, aggregate, read_results
from app.generation.image_files import ImageFiles
from app.generation.prompt_file import read_prompt_file
from app.generation.request import Request
from app.generation.trace import Trace
from app.models.registry import card
from app.runs.run import Run
from app.runs.store import about_now

# Open-Sora V1.2 (8s) on VBench's leaderboard, per cent in the order of DIMENSIONS, and the totals it prints.
OPEN_SORA = (
    96.75,
    97.61,
    99.53,
    98.50,
    42.39,
    56.85,
    63.34,
    82.22,
    51.83,
    91.20,
    90.08,
    68.56,
    42.44,
    23.95,
    24.54,
    26.85,
)
PUBLISHED = {"quality": 81.35, "semantic": 73.39, "total": 79.76}


def raw() -> dict[str, float]:
    return {name: value / 100 for name, value in zip(BY_ID, OPEN_SORA, strict=True)}


def result_file(path: Path, scores: dict[str, float]) -> Path:
    path.write_text(json.dumps({name: [score, [{"video_path": "a.mp4"}]] for name, score in scores.items()}))
    return path


def test_the_leaderboards_totals_of_a_published_row():
    score = aggregate(raw())
    assert {name: round(100 * getattr(score, name), 2) for name in PUBLISHED} == PUBLISHED
    assert score.missing == ()


def test_a_missing_dimension_is_named_and_not_counted_as_zero():
    partial = {name: value for name, value in raw().items() if name != "scene"}
    score = aggregate(partial)
    assert score.missing == ("scene",)
    assert score.semantic is None
    assert score.total is None
    assert score.quality == aggregate(raw()).quality


def test_import_brings_scores_beside_the_comparison(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    halves = list(raw().items())
    files = [str(result_file(tmp_path / f"{n}.json", dict(halves[8 * n : 8 * n + 8]))) for n in (0, 1)]
    arguments = ["vbench", "import", *files, "--comparison", str(tmp_path), "--method"]
    assert main([*arguments, "adacache-fast"]) == 0
    assert main(["vbench", "import", files[0], *arguments[4:], "pab-slow"]) == 0
    out = capfd.readouterr().out
    assert out.splitlines()[1].split()[:4] == ["adacache-fast", "79.76", "81.35", "73.39"]
    assert "pab-slow: no total without multiple_objects, human_action" in out
    assert set(json.loads((tmp_path / "vbench.json").read_text())) == {"adacache-fast", "pab-slow"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{}", "scores by dimension are needed"),
        ('{"beauty": [0.5]}', "no dimension 'beauty'; there are: subject_consistency"),
        ('{"scene": 0.5}', "scene needs a score within 0 and 1, got nothing"),
        ('{"scene": [1.5]}', "scene needs a score within 0 and 1, got 1.5"),
    ],
)
def test_a_result_file_that_is_none(content: str, said: str, tmp_path: Path):
    path = tmp_path / "results.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=said):
        read_results(path)


def test_prompts_become_a_prompt_file(tmp_path: Path):
    info = tmp_path / "VBench_full_info.json"
    entries = [("a cat", "scene"), ("a dog", "color"), ("a cat", "color")]
    info.write_text(json.dumps([{"prompt_en": prompt, "dimension": [of]} for prompt, of in entries]))
    assert read_prompts(info) == ["a cat", "a dog"]
    assert read_prompts(info, ["scene"]) == ["a cat"]
    out = tmp_path / "prompts.json"
    assert main(["vbench", "prompts", "--info", str(info), "--videos", "2", "--out", str(out)]) == 0
    sprites = card("sprites")
    like = Request("sprites", "unused", named_method("pab-slow", "sprites"))
    found = read_prompt_file(out.read_bytes(), out.name, like, sprites, ImageFiles(tmp_path))
    assert [(one.request.prompt, one.request.seed) for one in found] == [
        ("a cat", 0),
        ("a cat", 1),
        ("a dog", 0),
        ("a dog", 1),
    ]


def test_without_the_package_it_says_so(tmp_path: Path, monkeypatch, capfd: pytest.CaptureFixture[str]):
    monkeypatch.setattr("app.evaluation.vbench.package.find_spec", lambda name: None)
    assert main(["vbench", "run", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert INSTALL in capfd.readouterr().err


def made(folder: Path, prompt: str, seed: int, method: str = "pab-slow") -> Run:
    request = Request("sprites", prompt, named_method(method, "sprites"), seed=seed)
    folder = folder / f"{prompt[:5]}-{seed}-{method}"
    folder.mkdir()
    for side in ("baseline", "accelerated"):
        (folder / f"{side}.mp4").write_text(f"{side} of {folder.name}")
    return Run(folder.name, folder, Trace(request, {}), {}, about_now())


def test_videos_are_named_by_prompt_and_index_in_a_folder_a_method(tmp_path: Path):
    runs = [made(tmp_path, "a cat", 7), made(tmp_path, "a cat", 3), made(tmp_path, "a dog", 0)]
    runs += [made(tmp_path, "a cat", 3, "fixed-interval-3"), made(tmp_path, "a cat", 3, "fixed-interval-2")]
    found = export(runs, tmp_path / "out", frozenset({"a cat"}))
    assert found.videos == {"baseline": 3, "pab": 3, "fixed-interval": 1, "fixed-interval-2": 1}
    assert found.custom == ("a dog",)
    written = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").glob("pab/*")}
    assert written == {"pab/a cat-0.mp4", "pab/a cat-1.mp4", "pab/a dog-0.mp4"}
    assert (tmp_path / "out/pab/a cat-0.mp4").read_text() == "accelerated of a cat-3-pab-slow"
    assert (tmp_path / "out/baseline/a cat-1.mp4").read_text() == "baseline of a cat-7-pab-slow"
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert manifest["pab/a cat-1.mp4"]["request"]["seed"] == 7


@pytest.mark.parametrize(
    ("change", "said"), [({"steps": 40}, r"steps \(30 and 40\)"), ({"guidance": 3.0}, "guidance")]
)
def test_runs_that_differ_beside_prompt_seed_and_method_are_not_mixed(tmp_path: Path, change, said: str):
    one = made(tmp_path, "a cat", 3)
    other = made(tmp_path, "a dog", 3)
    other = replace(other, trace=Trace(replace(other.request, **change), {}))
    with pytest.raises(ValueError, match=f"the runs differ in {said}.*one setting at a time"):
        export([one, other], tmp_path / "out", frozenset())
    assert not (tmp_path / "out").exists()


def test_a_prompt_that_is_no_file_name_is_refused(tmp_path: Path):
    run = made(tmp_path, "cat a" + "x" * 250, 0)
    with pytest.raises(ValueError, match="VBench reads prompts from names of files"):
        export([run], tmp_path / "out", frozenset())
