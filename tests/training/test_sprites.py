import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from app.common.paths import SPRITES
from app.models.networks.stdit3 import STDiT3Config
from app.models.sprites.text import TOKENS_A_WORD, row_names, token_count, token_indices
from app.models.sprites.vocabulary import load_vocabulary
from app.training.latents import SHARD, Latents, open_latents
from app.training.loop import Budget, Optimiser, arithmetic, generator
from app.training.sprites import SpritesTraining, draw_batch, open_rows, train
from app.training.trainee import Start, Trainee, default_config, export, take_over
from tests.support.vocabularies import of_first_slots

VOCABULARY = load_vocabulary()
SAID: dict[str, str | None] = {
    **dict.fromkeys(VOCABULARY.slots),
    "object": "dog",
    "background": "snow",
    "motion": "right",
    "speed": "fast",
}
TINY = STDiT3Config(
    in_channels=4,
    patch_size=(2, 4, 4),
    hidden_size=16,
    depth=1,
    num_heads=2,
    pred_sigma=False,
    caption_channels=8,
    model_max_length=9 * TOKENS_A_WORD,
    input_sq_size=64,
)
SHORT = SpritesTraining(clips=SHARD, batch=2, short_until=2, short_batch=3)


@pytest.fixture
def data() -> Latents:
    rng = np.random.default_rng(0)
    latent = rng.standard_normal((8, 4, 16, 16, 16)).astype(np.float16)
    cover = rng.integers(0, 255, (8, 16, 16, 16)).astype(np.uint8)
    return Latents([latent], np.tile(token_indices(SAID, VOCABULARY), (8, 1)), cover)


def run(data: Latents, work: Path, steps: int) -> Trainee:
    budget = Budget(steps=steps, decay_from=6, warmup=2) if steps > 6 else Budget(steps, steps, warmup=2)
    return train(TINY, SHORT, budget, data, data, work, VOCABULARY, compiled=False, report_every=3)


def test_a_resumed_run_is_the_same_run(data, tmp_path):
    run(data, tmp_path / "resumed", 3)
    resumed = run(data, tmp_path / "resumed", 6)
    straight = run(data, tmp_path / "straight", 6)
    for (name, one), other in zip(resumed.state_dict().items(), straight.state_dict().values(), strict=True):
        assert torch.equal(one, other), name


def test_batches_depend_on_seed_and_step_alone(data):
    rows = open_rows(VOCABULARY)
    one, again, other = (draw_batch(data, SHORT, step, rows) for step in (3, 3, 4))
    assert torch.equal(one.noise, again.noise)
    assert torch.equal(one.t, again.t)
    assert not torch.equal(one.t, other.t)
    assert one.video.shape == (2, 4, 16, 16, 16)
    assert draw_batch(data, SHORT, 0, rows).video.shape == (3, 4, 4, 16, 16)


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


def test_what_has_a_default_is_never_left_open(data):
    dropping = SpritesTraining(clips=SHARD, batch=200, slot_dropout=0.5)
    tokens = draw_batch(data, dropping, 0, open_rows(VOCABULARY)).tokens
    assert [len(column.unique()) for column in tokens.T] == [2, 2, 2, 2, 1, 1, 1, 1, 1]


def test_a_warm_start_takes_rows_by_word_and_begins_what_is_new_at_zero(tmp_path):
    old = of_first_slots()
    torch.manual_seed(0)
    export(Trainee(default_config(old), token_count(old)), tmp_path / "old.safetensors", {})
    model = Trainee(default_config(VOCABULARY), token_count(VOCABULARY))
    take_over(model, Start(tmp_path / "old.safetensors", old), VOCABULARY)
    weights = {name: value.float() for name, value in load_file(tmp_path / "old.safetensors").items()}
    before, after = row_names(old), row_names(VOCABULARY)
    for word in (("object", "ufo"), ("speed", None), ("speed", "fast")):
        assert torch.equal(model.table[after.index(word)], weights["text.table"][before.index(word)])
    assert not model.table[after.index(("texture", "clear"))].any()
    assert model.table[after.index(("texture", "rain"))].any()
    empty, known = model.transformer.y_embedder.y_embedding, 4 * TOKENS_A_WORD
    assert torch.equal(empty[:known], weights["transformer.y_embedder.y_embedding"])
    assert not empty[known:].any()


def test_a_warm_start_refuses_weights_of_another_shape():
    config = STDiT3Config(**{**vars(default_config(VOCABULARY)), "depth": 2})
    with pytest.raises(ValueError, match="does not fit at transformer"):
        take_over(
            Trainee(config, token_count(VOCABULARY)),
            Start(SPRITES / "transformer.safetensors", VOCABULARY),
            VOCABULARY,
        )


@pytest.mark.parametrize(
    ("able", "dtype"), [({"avx2": True}, torch.float32), ({"amx_bf16": True}, torch.bfloat16)]
)
def test_arithmetic_is_bfloat16_only_where_the_cpu_has_it(monkeypatch, able, dtype):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)
    assert arithmetic() == dtype


def test_the_log_says_which_arithmetic_a_run_had(data, tmp_path):
    run(data, tmp_path, 1)
    first = json.loads((tmp_path / "sprites.jsonl").read_text().splitlines()[0])
    assert first["arithmetic"] == str(arithmetic()).removeprefix("torch.")


def test_latents_of_another_vocabulary_are_refused(data, tmp_path):
    with pytest.raises(ValueError, match=r"9 words a clip; accepted: one a slot \(4\)"):
        train(TINY, SHORT, Budget(1, 1), data, data, tmp_path, of_first_slots(), compiled=False)


def test_muon_moves_weights_alike_in_both_arithmetics(monkeypatch):
    weights = []
    for able in ({"avx512_bf16": True}, {"avx2": True}):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda able=able: able)
        layer = torch.nn.Linear(24, 12)
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
        optimiser = Optimiser(layer, ["weight"], 0.1, 0.1)
        (layer(torch.randn(40, 24, generator=generator(0, 0))) - 1).square().mean().backward()
        optimiser.step(1.0)
        weights.append(layer.weight.detach())
    low, full = weights
    assert torch.allclose(low, full, atol=0.05 * float(full.abs().max()))
    assert not torch.equal(low, full)
    assert torch.linalg.matrix_norm(full, 2) > 0.01
