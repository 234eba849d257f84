"""The contract of every model: it holds for one that is sound, and says what is wrong with one that is not."""

import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from app.__main__ import main
from app.commands import selftest as command
from app.models.registry import CARDS
from app.selftest import contract
from app.selftest.checkpoints import small_checkpoint
from app.selftest.contract import Check, check_model, offered
from tests.support.tiny import CARD, TinyVideoModel


@pytest.fixture(autouse=True)
def few_methods(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command tries every method there is; here two are enough."""
    few = {name: kind for name, kind in contract.kinds().items() if name in ("adacache", "delta-dit")}
    monkeypatch.setattr(contract, "kinds", lambda: few)


class Sound(TinyVideoModel):
    """The tiny model, whose decoder makes as many frames as its latent has."""

    card = replace(CARD, frames=5)


class Broken(Sound):
    """The tiny model with one thing wrong."""

    def __init__(self, wrong: Callable[[Tensor], Tensor]):
        super().__init__()
        self.wrong = wrong

    def denoise_step(self, *asked, **more):
        following, clean = super().denoise_step(*asked, **more)
        return self.wrong(following), clean


def failed(model: Sound) -> list[Check]:
    return [check for check in check_model(model, "sprites", "float32") if not check.holds]


def test_a_sound_model_passes() -> None:
    checks = list(check_model(Sound(), "sprites", "float32"))
    assert [check for check in checks if not check.holds] == []
    assert [check.what for check in checks] == [
        "float32, generate",
        "float32, calibrate",
        "float32, adacache hold: stop",
        "float32, adacache hold: generate again",
        "float32, adacache forecast: stop",
        "float32, adacache forecast: generate again",
        "float32, delta-dit: stop",
        "float32, delta-dit: generate again",
    ]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda latent: latent.double(), "turns .* float32 on cpu into .* float64"),
        (lambda latent: latent * torch.nan, "numbers that are not finite"),
        (lambda latent: latent + torch.randn_like(latent) * 1e-3, "not that of the kept baseline, bit for bit"),
    ],
)
def test_a_broken_model_fails_and_says_why(wrong: Callable[[Tensor], Tensor], said: str) -> None:
    checks = failed(Broken(wrong))
    assert checks
    assert any(re.search(said, check.detail) for check in checks), checks


def test_a_model_that_cannot_preview_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def preview(self: Sound, clean_latent: Tensor) -> None:
        raise TypeError("no bfloat16 in NumPy")

    monkeypatch.setattr(Sound, "preview", preview)
    (check,) = failed(Sound())
    assert check.detail == "TypeError: no bfloat16 in NumPy"


def test_every_model_has_a_small_checkpoint() -> None:
    for model in CARDS:
        if model != "sprites":
            small_checkpoint(model)


def test_the_command_exits_by_what_holds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(contract, "STEPS", 4)
    monkeypatch.setattr(contract, "_calibrates", lambda model, kept: "tried on the sound model above")
    monkeypatch.setattr(contract, "offered", lambda model: list(offered(model))[-1:])
    assert main(["selftest", "--model", "sprites", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["failed"], len(found["checks"]), found["full_size"]) == (0, 4, [])
    monkeypatch.setitem(contract.SETTINGS, "delta-dit", {"intervals": [{"steps": [1, 6], "blocks": [0, 9]}]})
    assert main(["selftest", "--model", "sprites"]) == 1
    assert "2 FAILED" in capsys.readouterr().out
    assert main(["selftest", "--model", "sprites", "--device", "cuda"]) == 2
    assert "there is no GPU that PyTorch" in capsys.readouterr().err
    assert command.device_of("auto").type == "cpu"
