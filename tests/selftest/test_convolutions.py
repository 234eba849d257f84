"""Convolutions in bfloat16 while a selftest runs on a CPU: float32's, rounded once, and refused as ever."""

import pytest
import torch
import torch.nn.functional as F

from app.selftest import suite
from app.selftest.convolutions import bfloat16_convolutions

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def a_plain_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: False)


def test_they_are_those_of_float32_rounded_once() -> None:
    drawn = torch.Generator().manual_seed(0)
    x, weight, bias = (
        torch.randn(shape, generator=drawn).bfloat16() for shape in ((1, 8, 3, 5, 5), (4, 8, 3, 3, 3), (4,))
    )
    wide = F.conv3d(x.float(), weight.float(), bias.float(), padding=1)
    own = F.conv3d
    with bfloat16_convolutions(CPU):
        assert torch.equal(F.conv3d(x, weight, bias, padding=1), wide.bfloat16())
        assert torch.equal(F.conv3d(x.float(), weight.float(), bias.float(), padding=1), wide)
        with pytest.raises(RuntimeError, match=r"expected|should be the same"):
            F.conv3d(x, weight.float(), bias)
    assert F.conv3d is own


def test_a_selftest_runs_within_them(monkeypatch: pytest.MonkeyPatch) -> None:
    own, during = F.conv3d, list[object]()

    def load(*_: object) -> str:
        during.append(F.conv3d)
        return ""

    monkeypatch.setattr(suite, "_write", lambda name, folder: "")
    monkeypatch.setattr(suite, "_load", load)
    assert [check.holds for check in suite.selftest(["latte-1"], CPU)] == [True] * 3
    assert all(found is not own for found in during)
    assert F.conv3d is own
