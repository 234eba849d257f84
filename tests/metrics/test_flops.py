"""FLOPs: hand counts, upstream's counts (tests/golden/data/flops.json) and the paper's Table 1."""

import json

import pytest
import torch
from torch import nn

from app.caching.branches import Branch, all_branches
from app.caching.codebook import Codebook
from app.caching.method import Method
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.methods.fewer_steps import FewerStepsConfig
from app.caching.methods.first_block import FirstBlockConfig
from app.caching.methods.fixed_interval import FixedIntervalConfig
from app.caching.names import named_method
from app.caching.record import StepRecord
from app.metrics.countable import Workload, t5_encoder
from app.metrics.flop_count import Count, StepCount, count, count_step
from app.metrics.flops import (
    COUNTABLE,
    compute_share,
    flops,
    parse_resolution,
    planned,
    step_count,
    step_shares,
)
from tests.support.paths import GOLDEN

OPEN_SORA = "open-sora-1.2"
CASES = {20: "480p 9:16 2s (51f, 480x854) | text tokens 20", 300: "480p 9:16 2s (51f, 480x854) | text tokens 300"}
UPSTREAM = json.loads((GOLDEN / "flops.json").read_text())


def open_sora(method: Method | None, **changes: object) -> float:
    settings = {"resolution": "480p", "frames": 51, "steps": 30, "text_tokens": 300, "convention": "paper"}
    return flops(OPEN_SORA, method, **{**settings, **changes})  # type: ignore[arg-type]


def records(*computed: str | int) -> list[StepRecord]:
    return [
        StepRecord(step=step, timestep=1000.0 / step, computed=c, seconds=0.0)  # type: ignore[arg-type]
        for step, c in enumerate(computed, 1)
    ]


def test_counts_by_hand():
    # A linear layer: 2 x 5 tokens x 8 x 16. Attention of 4 heads of 3 channels, 5 x 7 tokens: two products.
    assert count(lambda: nn.Linear(8, 16)(torch.empty(5, 8))) == Count(2 * 5 * 8 * 16, 0)

    def attend() -> None:
        q, k = torch.empty(1, 4, 5, 3), torch.empty(1, 4, 7, 3)
        nn.functional.scaled_dot_product_attention(q, k, k)

    assert count(attend) == Count(2 * 2 * 4 * 5 * 7 * 3, 2 * 2 * 4 * 5 * 7 * 3)


def test_a_step_is_split_into_its_branches():
    first, second = Branch(0, "spatial", "attn"), Branch(0, "spatial", "mlp")

    def forward(cache):
        x = nn.Linear(2, 3)(torch.empty(1, 2))
        cache.branch(first, lambda: nn.Linear(3, 5)(x))
        cache.branch(second, lambda: nn.Linear(3, 7)(x))

    step = count_step(forward)
    assert step == StepCount(Count(12), {first: Count(30), second: Count(42)})
    assert planned(step, "all") == 84
    assert planned(step, "none") == 12
    assert planned(step, frozenset({second})) == 54


@pytest.mark.parametrize("tokens", [20, 300])
def test_the_transformer_counts_as_upstream(tokens: int):
    upstream = UPSTREAM[CASES[tokens]]
    step = step_count(OPEN_SORA, Workload(480, 854, 51, 30, tokens))
    assert planned(step, "all") / 1e12 == pytest.approx(upstream["total_TFLOPs_1fwd_B2"], rel=1e-9)
    attention = sum(count.attention for count in step.branches.values())
    assert 30 * attention / 1e12 == pytest.approx(upstream["x30_attention_matmul"], rel=1e-9)


def test_t5_counts_as_upstream():
    counted = t5_encoder(300, 24, 4096, 10240)
    assert (counted.total - counted.attention) / 1e12 == pytest.approx(UPSTREAM["t5_xxl_300"]["mm"], rel=1e-9)
    assert counted.attention / 1e12 == pytest.approx(UPSTREAM["t5_xxl_300"]["bmm"], rel=1e-9)


@pytest.mark.parametrize(
    ("name", "table1"),
    [(None, 3230.24), ("delta-dit", 3166.47), ("tgate", 2818.40), ("pab-fast", 2558.25), ("pab-slow", 2657.70)],
)
def test_the_papers_open_sora_rows(name: str | None, table1: float):
    method = None if name is None else named_method(name, OPEN_SORA)
    assert open_sora(method) == pytest.approx(table1, rel=0.002)


@pytest.mark.parametrize(
    ("name", "table1"),
    [(None, 12032.40), ("delta-dit", 12027.72), ("tgate", 10663.32), ("pab-fast", 8551.26), ("pab-slow", 9276.57)],
)
def test_the_papers_open_sora_plan_rows(name: str | None, table1: float):
    method = None if name is None else named_method(name, "open-sora-plan-1.1")
    counted = flops("open-sora-plan-1.1", method, "512x512", 65, 150, 20, "paper")
    assert counted == pytest.approx(table1, rel=0.001)


def test_the_vae_counts_as_upstream():
    decoded = COUNTABLE[OPEN_SORA].decode(Workload(480, 854, 51, 30, 20))
    assert decoded.total == round(1e12 * sum(UPSTREAM["vae_decode_480x854x51"]["ops_TFLOPs"].values()))


@pytest.mark.parametrize(
    ("name", "table1"),
    [(None, 3439.47), ("delta-dit", 3437.33), ("tgate", 3059.02), ("pab-fast", 2576.77), ("pab-slow", 2767.22)],
)
def test_the_papers_latte_rows(name: str | None, table1: float):
    # VBench prompts have some 20 tokens; Latte drops the padding before its cross-attention.
    method = None if name is None else named_method(name, "latte-1")
    assert flops("latte-1", method, "512x512", 16, 50, 20, "paper") == pytest.approx(table1, rel=0.002)


def test_conventions_differ_by_the_transformers_attention_products():
    left_out = open_sora(None, convention="all") - open_sora(None)
    assert left_out == pytest.approx(UPSTREAM[CASES[300]]["x30_attention_matmul"], rel=1e-9)


def test_half_the_steps_is_half_the_denoising():
    once = open_sora(None) - open_sora(None, steps=29)
    assert open_sora(FewerStepsConfig(15)) == pytest.approx(open_sora(None) - 15 * once)
    assert open_sora(FixedIntervalConfig(2)) == pytest.approx(open_sora(FewerStepsConfig(15)), rel=1e-3)


def test_the_steps_of_a_run_add_up_to_its_share():
    work = Workload(128, 128, 16, 30, 5)
    for method in (FixedIntervalConfig(2), FewerStepsConfig(12), named_method("pab-medium", "sprites")):
        shares = step_shares("sprites", method, work, ())
        assert sum(shares) / 30 == pytest.approx(compute_share("sprites", method, work, ()))
        assert len(shares) == method.run_steps(30)
        assert shares[0] == 1.0  # a whole step
    reused = step_shares("sprites", FixedIntervalConfig(2), work, ())[1]
    assert 0 < reused < 0.05  # embedders and final layer
    longer = step_shares("sprites", FixedIntervalConfig(2), Workload(128, 128, 16, 30, 10), ())[1]
    assert longer == pytest.approx(reused, rel=0.05)  # the prompt's tokens weigh little


def test_adaptive_methods_count_from_their_records():
    adacache = AdaCacheConfig(Codebook((1.0,), (2,)))
    every_other = records(*["all", "none"] * 15)
    assert open_sora(adacache, records=every_other) == open_sora(FixedIntervalConfig(2))
    with pytest.raises(ValueError, match="AdaCache decides while it runs; its FLOPs need the records of a run"):
        open_sora(adacache)
    with pytest.raises(ValueError, match="records are of 2 steps, the run has 30"):
        open_sora(adacache, records=records("all", "none"))


def test_a_reused_step_of_the_first_block_cache_costs_one_block():
    reused = open_sora(FirstBlockConfig(), records=records("all", *[len(all_branches(1))] * 29))
    block = (open_sora(None) - open_sora(FixedIntervalConfig(1000))) / 29 / 28
    assert reused == pytest.approx(open_sora(FixedIntervalConfig(1000)) + 29 * block)
    with pytest.raises(ValueError, match="step 2 computed 17 branches, which ones is not recorded"):
        open_sora(FirstBlockConfig(), records=records("all", *[17] * 29))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"resolution": "481p"}, "must be one of 144p, 240p, 360p, 480p, 720p or HEIGHTxWIDTH, got '481p'"),
        ({"resolution": "0x64"}, "height must be a whole number from 16 to 8192, got 0"),
        ({"frames": 0}, "frames must be a whole number"),
        ({"steps": 0}, "steps must be a whole number from 1 to 1000, got 0"),
        ({"text_tokens": 0}, "text tokens must be a whole number"),
        ({"convention": "half"}, "convention must be one of all, paper, got 'half'"),
    ],
)
def test_bad_input_is_named(change: dict[str, object], said: str):
    with pytest.raises(ValueError, match=said):
        open_sora(None, **change)


def test_unknown_models_are_named():
    with pytest.raises(ValueError, match="FLOPs of 'nope' cannot be counted here; models: "):
        flops("nope", None, "480p", 51, 30, 300, "all")


def test_resolutions():
    assert parse_resolution("480p") == (480, 854)
    assert parse_resolution("512x640") == (512, 640)
