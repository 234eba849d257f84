"""The device that is shown is the picked model's."""

import pytest
import torch

from app.models.registry import device_of


def test_sprites_runs_on_the_cpu_even_beside_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "a GPU")
    assert device_of("open-sora-1.2") == "a GPU"
    assert device_of("sprites").startswith("CPU, ")
