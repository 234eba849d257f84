"""Ray cluster as workers: each job a Ray task with one GPU or a number of CPUs, done again where its worker dies.

Ray is an optional package (requirements-scale.txt). Workers on other machines need this project and the models'
weights at the same paths, or `PYTHONPATH` set to where the project lies there.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from app.common.paths import ROOT
from app.workers.work import RETRIES, Files, do_elsewhere


def done(pickled: bytes, jobs: Sequence[Any], address: str, cpus: int) -> Iterator[tuple[int, tuple[Any, Files]]]:
    """The number of each job with its result and files, as they are ready; a ValueError without a cluster."""
    try:
        import ray
    except ModuleNotFoundError:
        raise ValueError("--ray needs the package ray (requirements-scale.txt)") from None
    ours = not ray.is_initialized()
    if ours:
        _join(ray, address)
    try:
        resources = ray.cluster_resources()
        if resources.get("CPU", 0) < cpus:
            raise ValueError(f"a job wants {cpus} CPUs, the cluster has {resources.get('CPU', 0):g}")
        gpus = 1 if resources.get("GPU") else 0
        task: Any = ray.remote(num_cpus=cpus, num_gpus=gpus, max_retries=RETRIES)(do_elsewhere)
        work = ray.put(pickled)  # once, not with every job
        numbers = {task.remote(work, job): number for number, job in enumerate(jobs)}
        waiting = list(numbers)
        while waiting:
            (ready,), waiting = ray.wait(waiting)
            yield numbers.pop(ready), _outcome(ray, ready)
    finally:
        if ours:
            ray.shutdown()


def _join(ray: Any, address: str) -> None:
    """Start a cluster on this machine, or join one, whose workers find this project where it lies here."""
    try:
        ray.init(
            None if address == "local" else address,
            log_to_driver=False,
            logging_level="error",
            include_dashboard=False if address == "local" else None,
            runtime_env={"env_vars": {"PYTHONPATH": str(ROOT)}},
        )
    except (ConnectionError, ValueError) as error:
        raise ValueError(f"no Ray cluster at {address!r}: {error}") from None


def _outcome(ray: Any, ready: Any) -> tuple[Any, Files]:
    try:
        return ray.get(ready)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from None
    except (ray.exceptions.WorkerCrashedError, ray.exceptions.NodeDiedError) as error:
        raise OSError(f"a job's worker died {RETRIES + 1} times: {error}") from None
