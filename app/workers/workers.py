"""Workers: where independent jobs are done, in this process, in several on this machine, or on a Ray cluster.

A job whose worker dies is done again, so that no result is lost; only this process receives and writes results, so
that none is there twice.
"""

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.common.validation import whole
from app.workers import on_ray, processes
from app.workers.work import Job, Result, Work, keep_files

MAX_WORKERS = 256


@dataclass(frozen=True)
class Workers:
    """How jobs are shared out.

    >>> Workers(processes=4).text
    '4 jobs at a time'
    """

    processes: int = 1  # on this machine; 1: this one
    ray: str | None = None  # address of a Ray cluster; "local": one here, as long as the command runs
    task_cpus: int = 1  # CPUs of a job on Ray; where the cluster has GPUs a job has one of them as well

    def __post_init__(self) -> None:
        whole("workers", self.processes, 1, MAX_WORKERS)
        whole("task CPUs", self.task_cpus, 1, MAX_WORKERS)
        if self.ray is not None and self.processes > 1:
            raise ValueError("--workers and --ray both share out jobs, give one of them")
        if self.ray == "":
            raise ValueError("--ray needs local, auto or the address of a cluster such as ray://head:10001")

    @property
    def text(self) -> str:
        """What a reader of measured seconds has to know; empty where every job ran alone."""
        if self.ray is not None:
            return f"on Ray, {self.task_cpus} CPU{'s' * (self.task_cpus > 1)} a job"
        return f"{self.processes} jobs at a time" if self.processes > 1 else ""

    def results(self, work: Work[Job, Result], jobs: Sequence[Job], folder: Path) -> Iterator[tuple[Job, Result]]:
        """Every job with its result, in the order they are ready; its files are in the folder by then.

        What a job raises ends all; an OSError says that a job lost its worker too often.
        """
        if not jobs:
            return
        if self.ray is None and self.processes == 1:
            prepared = work.prepare()
            for job in jobs:
                yield job, work.do(prepared, job, folder)
            return
        pickled = pickle.dumps(work)
        if self.ray is None:
            ready = processes.done(pickled, jobs, self.processes)
        else:
            ready = on_ray.done(pickled, jobs, self.ray, self.task_cpus)
        for number, (result, files) in ready:
            keep_files(files, folder)
            yield jobs[number], result
