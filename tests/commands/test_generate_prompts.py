"""generate --prompts: runs of a file among the runs, a table, and nothing generated where a line is bad."""

from pathlib import Path

import pytest

from app.__main__ import main
from app.commands import batch, generate
from app.generation.events import Failed
from app.runs.store import RunStore
from tests.support.tiny import TinyVideoModel


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(generate, "load_model", lambda _: TinyVideoModel())


def command(tmp_path: Path, content: str) -> list[str]:
    file = tmp_path / "prompts.txt"
    file.write_text(content)
    return ["generate", "--prompts", str(file), "--steps", "4", "--out", str(tmp_path / "runs")]


def test_every_prompt_becomes_a_run_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    arguments = command(tmp_path, "a dog\na cat\n")
    assert main(arguments) == 0
    store = RunStore(tmp_path / "runs")
    made = {run.id for run in store.runs()}
    assert {run.request.prompt for run in store.runs()} == {"a dog", "a cat"}
    captured = capfd.readouterr()
    head, *lines = captured.out.splitlines()
    assert head.split()[:4] == ["prompt", "seed", "method", "speedup"]
    assert [line.split()[:4] for line in lines] == [["line", "1", "a", "dog"], ["line", "2", "a", "cat"]]
    assert all(any(line.endswith(run) for run in made) for line in lines)
    assert "16/16" in captured.err  # one bar: two runs of two sides of four steps
    assert main(arguments) == 0
    assert {run.id for run in store.runs()} == made


def test_a_bad_line_is_named_before_anything_is_made(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    assert main(command(tmp_path, "a dog\n\ngibberish\n")) == 2
    (said,) = capfd.readouterr().err.splitlines()
    assert said.endswith("prompts.txt: line 3: no known word in the prompt")
    assert not (tmp_path / "runs").exists()


def test_a_run_that_fails_does_not_end_the_others(tmp_path: Path, monkeypatch, capfd):
    made = batch.generate_pair

    def failing(request, *a, **k):
        if request.prompt == "a dog":
            return (event for event in [Failed("not enough memory")])
        return made(request, *a, **k)

    monkeypatch.setattr(batch, "generate_pair", failing)
    assert main(command(tmp_path, "a dog\na cat\n")) == 1
    assert [run.request.prompt for run in RunStore(tmp_path / "runs").runs()] == ["a cat"]
    captured = capfd.readouterr()
    assert "failed: not enough memory" in captured.out.splitlines()[1]
    assert not list((tmp_path / "runs").glob(".making-*"))


def test_ctrl_c_keeps_what_is_done(tmp_path: Path, monkeypatch, capfd):
    made = batch.generate_pair

    def interrupted(request, *a, **k):
        if request.prompt == "a cat":
            raise KeyboardInterrupt
        return made(request, *a, **k)

    monkeypatch.setattr(batch, "generate_pair", interrupted)
    assert main(command(tmp_path, "a dog\na cat\n")) == 130
    captured = capfd.readouterr()
    assert "goes on with what is missing" in captured.err
    assert captured.out.splitlines()[2].endswith("not made")
    assert len(RunStore(tmp_path / "runs").runs()) == 1


def test_prompt_and_prompts_exclude_each_other(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        main([*command(tmp_path, "a dog"), "--prompt", "a cat"])
    assert "not allowed with" in capfd.readouterr().err


def test_workers_bring_runs_here_and_say_which_failed(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    """The embedded model this time: a worker process loads it itself."""
    file = tmp_path / "prompts.txt"
    file.write_text("a dog moving right fast over snow\na moon standing still in the night sky\n")
    arguments = ["generate", "--prompts", str(file), "--steps", "2", "--out", str(tmp_path / "runs")]
    assert main([*arguments, "--workers", "2"]) == 0
    store = RunStore(tmp_path / "runs")
    assert sorted(run.request.prompt for run in store.runs()) == sorted(file.read_text().splitlines())
    assert all((run.folder / "baseline.mp4").is_file() for run in store.runs())
    assert [path.name for path in (tmp_path / "runs").iterdir() if path.name.startswith(".")] == []
    assert main([*arguments, "--workers", "2", "--reuse-baseline"]) == 2
    assert "give it without --workers and --ray" in capfd.readouterr().err
