"""Worker processes on this machine: each with its share of the CPU cores, and a GPU where there are any."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue
from typing import Any

import torch

from app.workers.work import RETRIES, Files, do_elsewhere


def done(pickled: bytes, jobs: Sequence[Any], count: int) -> Iterator[tuple[int, tuple[Any, Files]]]:
    """The number of each job with its result and files, as they are ready."""
    left = dict(enumerate(jobs))
    deaths = 0  # since a job was last done
    while left:
        try:
            for number, outcome in _until_a_worker_dies(pickled, left, count):
                del left[number]
                deaths = 0
                yield number, outcome
        except BrokenProcessPool:
            deaths += 1
            if deaths > RETRIES:
                raise OSError(f"{deaths} workers died one after the other; {len(left)} jobs are left") from None


def _until_a_worker_dies(
    pickled: bytes, jobs: dict[int, Any], count: int
) -> Iterator[tuple[int, tuple[Any, Files]]]:
    count = min(count, len(jobs))
    context = get_context("spawn")  # a forked process shares the threads' locks and no GPU
    places: SimpleQueue[int] = context.SimpleQueue()
    for place in range(count):
        places.put(place)
    with ProcessPoolExecutor(count, context, initializer=_begin, initargs=(places, count)) as pool:
        numbers: dict[Future[tuple[Any, Files]], int] = {
            pool.submit(do_elsewhere, pickled, job): number for number, job in jobs.items()
        }
        try:
            waiting = set(numbers)
            while waiting:
                ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                dead = [future for future in ready if isinstance(future.exception(), BrokenProcessPool)]
                for future in ready - set(dead):
                    yield numbers[future], future.result()
                for future in dead:
                    future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _begin(places: "SimpleQueue[int]", count: int) -> None:
    """A worker's share of this machine."""
    place = places.get()
    torch.set_num_threads(max(1, len(os.sched_getaffinity(0)) // count))
    if gpus := torch.cuda.device_count():
        torch.cuda.set_device(place % gpus)
