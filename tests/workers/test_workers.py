"""Workers: the same results from one process, several and Ray; a worker that dies loses and repeats nothing."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.workers import on_ray, processes
from app.workers.workers import Workers
from tests.workers.work import Squares

JOBS = tuple(range(8))
HERE, PROCESSES, RAY = Workers(), Workers(processes=2), Workers(ray="local")


@pytest.fixture(scope="module")
def ray() -> Iterator[None]:
    """One cluster of two workers for all tests of this file; starting it takes seconds."""
    module = pytest.importorskip("ray", reason="Ray is not installed (requirements-scale.txt)")
    root = str(Path(__file__).parents[2])
    module.init(
        num_cpus=2, include_dashboard=False, logging_level="error", runtime_env={"env_vars": {"PYTHONPATH": root}}
    )
    yield
    module.shutdown()


def check(done: list[tuple[int, tuple[int, int]]], folder: Path) -> set[int]:
    """Every job once, with its file and no other; returns the processes that did them."""
    assert sorted(job for job, _ in done) == list(JOBS)
    assert all(square == job**2 for job, (square, _) in done)
    written = {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*.txt")}
    assert written == {f"squares/{job}.txt": str(job**2) for job in JOBS}
    return {process for _, (_, process) in done}


def marked(tmp_path: Path, deaths: int) -> Path:
    marks = tmp_path / "marks"
    marks.mkdir()
    for number in range(deaths):
        (marks / str(number)).touch()
    return marks


def test_one_process_does_all_in_order(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    done = list(HERE.results(Squares(tmp_path), JOBS, out))
    assert [job for job, _ in done] == list(JOBS)
    assert check(done, out) == {os.getpid()}


def test_processes_lose_and_repeat_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = list(PROCESSES.results(Squares(marked(tmp_path, 1), deadly=3), JOBS, out))
    assert os.getpid() not in check(done, out)
    assert not list((tmp_path / "marks").iterdir())


def test_a_job_that_kills_every_worker_ends_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "RETRIES", 1)
    with pytest.raises(OSError, match="2 workers died one after the other; 1 jobs are left"):
        list(PROCESSES.results(Squares(marked(tmp_path, 9), deadly=0), [0], tmp_path / "out"))


def test_what_a_job_refuses_ends_all_in_its_words(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^no square of -5$"):
        list(PROCESSES.results(Squares(tmp_path), [-5], tmp_path / "out"))


def test_ray_loses_and_repeats_nothing(ray: None, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = list(RAY.results(Squares(marked(tmp_path, 1), deadly=3), JOBS, out))
    assert os.getpid() not in check(done, out)
    assert not list((tmp_path / "marks").iterdir())


def test_ray_gives_a_job_up_and_says_what_a_job_refuses(ray: None, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(on_ray, "RETRIES", 1)
    with pytest.raises(OSError, match="a job's worker died 2 times"):
        list(RAY.results(Squares(marked(tmp_path, 9), deadly=0), [0], tmp_path / "out"))
    with pytest.raises(ValueError, match=r"^no square of -5$"):
        list(RAY.results(Squares(tmp_path), [-5], tmp_path / "out"))
    with pytest.raises(ValueError, match="a job wants 200 CPUs, the cluster has 2"):
        list(Workers(ray="local", task_cpus=200).results(Squares(tmp_path), [1], tmp_path / "out"))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"processes": 0}, "workers must be a whole number from 1 to 256"),
        ({"task_cpus": 0}, "task CPUs must be a whole number from 1 to 256"),
        ({"processes": 2, "ray": "local"}, "give one of them"),
        ({"ray": ""}, "local, auto or the address"),
    ],
)
def test_what_workers_cannot_be(settings: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Workers(**settings)  # type: ignore[arg-type]
