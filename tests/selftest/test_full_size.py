"""The GPU half of the self-test, on the CPU with a small architecture; the published one on the meta device."""

import pytest
import torch

from app.commands import selftest as command
from app.models.networks.stdit3 import STDiT3, STDiT3Config
from app.models.open_sora.repositories import TRANSFORMER, VAE
from app.models.open_sora.vae import OpenSoraVAE, VAEConfig
from app.models.runtime.memory_plan import NotEnoughMemory
from app.selftest.checkpoints.open_sora import SIZE, SMALL, SMALL_VAE
from app.selftest.full_size import Architecture, random_module
from app.selftest.measure import SETTINGS, TABLE_1_STEPS, FullSize, Setting, measure

BUILT = Architecture(SMALL, VAEConfig.from_upstream(SMALL_VAE))
STEPS = 10


@pytest.fixture(scope="module")
def found() -> FullSize:
    setting = Setting("small", SIZE, STEPS, {"adacache-fast": 6, "own": 8}, BUILT)
    return measure(setting, torch.device("cpu"), torch.float32)


def test_steps_decoding_and_memory_are_measured(found: FullSize) -> None:
    assert found.computed_seconds > 0
    assert 0 < found.reused_seconds < found.computed_seconds
    assert min(found.decode_seconds, found.preview_seconds) > 0
    assert found.planned_bytes > 0
    assert found.peak_bytes is None  # a CPU does not tell


def test_the_wished_steps_are_computed_beside_the_papers_ratio(found: FullSize) -> None:
    fast, own = found.runs
    assert (fast.computed, own.computed) == (pytest.approx(6, abs=1), pytest.approx(8, abs=1))
    assert (fast.paper, own.paper) == (2.24, None)
    for run in found.runs:
        whole = found.computed_seconds * STEPS
        assert run.ratio == pytest.approx((whole + found.decode_seconds) / (run.seconds + found.decode_seconds))
        assert run.efficiency == pytest.approx(whole / run.seconds * run.computed / STEPS)
    head, *lines = found.lines()
    assert "peak memory not told here, planned" in head
    assert "(paper 2.24x)" in lines[0]


def test_weights_are_drawn_in_place_and_none_stay_zero() -> None:
    module = random_module(lambda: STDiT3(SMALL), torch.device("cpu"), torch.bfloat16)
    assert {parameter.dtype for parameter in module.parameters()} == {torch.bfloat16}
    assert all(parameter.any() for parameter in module.parameters())
    assert torch.get_default_dtype() == torch.float32


@pytest.mark.parametrize(
    ("build", "published"),
    [(lambda: STDiT3(STDiT3Config()), TRANSFORMER), (lambda: OpenSoraVAE(VAEConfig()), VAE)],
)
def test_the_full_size_has_the_published_parameters(build, published) -> None:
    with torch.device("meta"):
        count = sum(parameter.numel() for parameter in build().parameters())
    assert count * 4 == pytest.approx(published.bytes, rel=0.002)  # published in float32


def test_the_command_leaves_out_what_does_not_fit(
    found: FullSize, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def measured(setting: Setting, device: torch.device, dtype: torch.dtype) -> FullSize:
        if setting.steps == 100:
            raise NotEnoughMemory("needs 40 GB")
        return found

    monkeypatch.setattr("app.selftest.measure.measure", measured)
    gpu = torch.device("cuda")
    assert command.full_size(["open-sora-1.2"], gpu) == [found]
    assert "720p, 2 s, 100 steps is left out: needs 40 GB" in capsys.readouterr().err
    assert command.full_size(["sprites"], gpu) == []
    assert command.full_size(["open-sora-1.2"], torch.device("cpu")) == []


def test_the_settings_are_the_papers() -> None:
    paper, released = SETTINGS
    assert (str(paper.size), paper.steps, paper.counts) == ("51 frames of 854 x 480", 30, TABLE_1_STEPS)
    assert (str(released.size), released.steps) == ("51 frames of 1280 x 720", 100)
    with pytest.raises(ValueError, match="steps of a measured run must be a whole number from 8"):
        Setting("short", SIZE, 4)
