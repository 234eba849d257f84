"""The tiny checkpoint, written once, and Open-Sora loaded from it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from app.models.open_sora.model import OpenSora, load
from tests.support.open_sora import SIZE, write_checkpoint


@pytest.fixture(scope="package", autouse=True)
def one_thread() -> Iterator[None]:
    """Tensors this small are slower on several threads, by far so on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("open-sora"))


@pytest.fixture(scope="session")
def model(checkpoint: Path) -> OpenSora:
    return load(checkpoint, SIZE)
