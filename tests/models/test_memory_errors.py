"""Lack of memory in every form ends a run in one sentence, and other errors are still errors."""

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import torch

from app.caching.methods.fixed_interval import FixedIntervalConfig
from app.generation.baseline import generate_baseline
from app.generation.events import Compared, Failed
from app.generation.pair import generate_pair
from app.generation.request import Request
from app.lab.session import record_run
from app.models.runtime.memory import lacks_memory
from tests.support.tiny import TinyVideoModel

LACKING = [
    MemoryError(),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB."),
    RuntimeError("CUDA error: out of memory"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    RuntimeError("CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`"),
    RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:75] DefaultCPUAllocator: can't allocate memory: 1 bytes"),
]


class Failing(TinyVideoModel):
    """Fails in its first step until it is told not to."""

    error: Exception | None = None

    def denoise_step(self, *arguments: Any) -> Any:
        if self.error is not None:
            raise self.error
        return super().denoise_step(*arguments)


def run(model: Failing, folder: Path) -> object:
    request = Request("tiny", "a test", FixedIntervalConfig(2), steps=3)
    return list(generate_pair(request, folder, load=lambda _: model))[-1]


@pytest.mark.parametrize("error", LACKING, ids=lambda error: str(error)[:40] or type(error).__name__)
def test_lack_of_memory_is_one_sentence_and_the_next_run_works(error: Exception, tmp_path: Path) -> None:
    model = Failing()
    model.error = error
    end = run(model, tmp_path)
    assert isinstance(end, Failed)
    assert end.message.startswith("not enough memory for this run; choose a smaller model")
    model.error = None
    assert isinstance(run(model, tmp_path), Compared)


@pytest.mark.parametrize("job", [generate_pair, generate_baseline, record_run], ids=lambda job: job.__name__)
def test_every_job_says_so_and_gives_its_memory_back(
    job: Callable[..., Iterator[object]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released: list[bool] = []
    monkeypatch.setattr("app.generation.ending.release_memory", lambda: released.append(True))
    model = Failing()
    model.error = LACKING[2]
    request = Request("tiny", "a test", FixedIntervalConfig(2), steps=3)
    given = {"previews": False} if job is record_run else {}
    *_, end = job(request, tmp_path, stop=Event(), load=lambda _: model, **given)
    assert isinstance(end, Failed)
    assert end.message.startswith("not enough memory for this run")
    assert released == [True]


@pytest.mark.parametrize("error", [RuntimeError("shapes do not match"), KeyError("x")])
def test_other_errors_are_not_taken_for_it(error: Exception, tmp_path: Path) -> None:
    assert not lacks_memory(error)
    model = Failing()
    model.error = error
    with pytest.raises(type(error)):
        run(model, tmp_path)
