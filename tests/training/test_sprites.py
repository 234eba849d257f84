from pathlib import Path

import numpy as np
import pytest
import torch

from app.models.networks.stdit3 import STDiT3Config
from app.models.sprites.text import TOKENS_A_WORD
from app.training.latents import SHARD, Latents, open_latents
from app.training.loop import Budget, Optimiser, generator
from app.training.sprites import SpritesTraining, Trainee, draw_batch, export, train

TINY = STDiT3Config(
    in_channels=4,
    patch_size=(2, 4, 4),
    hidden_size=16,
    depth=1,
    num_heads=2,
    pred_sigma=False,
    caption_channels=8,
    model_max_length=4 * TOKENS_A_WORD,
    input_sq_size=64,
)
SHORT = SpritesTraining(clips=SHARD, batch=2, short_until=2, short_batch=3)


@pytest.fixture
def data() -> Latents:
    rng = np.random.default_rng(0)
    latent = rng.standard_normal((8, 4, 16, 16, 16)).astype(np.float16)
    cover = rng.integers(0, 255, (8, 16, 16, 16)).astype(np.uint8)
    return Latents([latent], np.tile([1, 38, 51, 62], (8, 1)), cover)


def run(data: Latents, work: Path, steps: int) -> Trainee:
    budget = Budget(steps=steps, decay_from=6, warmup=2) if steps > 6 else Budget(steps, steps, warmup=2)
    return train(TINY, SHORT, budget, data, data, work, compiled=False, report_every=3)


def test_a_resumed_run_is_the_same_run(data, tmp_path):
    run(data, tmp_path / "resumed", 3)
    resumed = run(data, tmp_path / "resumed", 6)
    straight = run(data, tmp_path / "straight", 6)
    for (name, one), other in zip(resumed.state_dict().items(), straight.state_dict().values(), strict=True):
        assert torch.equal(one, other), name


def test_batches_depend_on_seed_and_step_alone(data):
    one, again, other = (draw_batch(data, SHORT, step) for step in (3, 3, 4))
    assert torch.equal(one.noise, again.noise)
    assert torch.equal(one.t, again.t)
    assert not torch.equal(one.t, other.t)
    assert one.video.shape == (2, 4, 16, 16, 16)
    assert draw_batch(data, SHORT, 0).video.shape == (3, 4, 4, 16, 16)


def test_export_is_half_precision_and_complete(data, tmp_path):
    model = run(data, tmp_path, 1)
    assert export(model, tmp_path / "t.safetensors", {"steps": 1.0}) < 100_000


def test_schedule_warms_up_and_decays():
    budget = Budget(steps=100, decay_from=50, warmup=10)
    assert budget.rate(0) == pytest.approx(0.1)
    assert budget.rate(30) == 1
    assert budget.rate(75) == pytest.approx(0.5)
    with pytest.raises(ValueError, match="decay_from is 101"):
        Budget(steps=100, decay_from=101)


def test_muon_sees_convolutions_as_matrices():
    torch.manual_seed(0)
    conv = torch.nn.Conv2d(4, 6, 3).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    before = conv.weight.detach().clone()
    optimiser = Optimiser(conv, ["weight"], 0.1, 0.1)
    conv(torch.randn(2, 4, 5, 5, generator=generator(0, 0))).square().mean().backward()
    optimiser.step(1.0)
    assert not torch.equal(conv.weight, before)
    assert conv.weight.grad is None


def test_too_few_latents_are_named(tmp_path):
    with pytest.raises(ValueError, match="up to 0 in"):
        open_latents(tmp_path, SHARD)
