"""Wan 2.2: two transformers, one trace; the cache restarts where the second takes over."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from app.caching.codebook import Codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.registry import build_policy
from app.generation.denoiser import Denoiser
from app.lab.record import record
from app.models.diffusers.family import checkpoints
from app.models.diffusers.model import DiffusersModel
from app.models.diffusers.stored import stored_needs
from tests.models.diffusers.conftest import PROMPT

STEPS = 20
Models = Callable[[str], DiffusersModel]


def test_the_cache_restarts_at_the_second_transformer_and_the_trace_stays_one(model: Models) -> None:
    wan = model("wan-2.2-a14b")
    entered: list[int] = []
    hooks = [
        part.blocks[0].register_forward_pre_hook(lambda *_, number=number: entered.append(number))
        for number, part in enumerate((wan.pipeline.transformer, wan.pipeline.transformer_2), start=1)
    ]
    policy = build_policy(AdaCacheConfig(Codebook((1e6,), (5,))))
    run = Denoiser.start(wan, wan.encode_prompt(PROMPT), policy, seed=0, steps=STEPS, guidance=4.0)
    worked = []
    for _ in range(STEPS):
        entered.clear()
        run.advance()
        worked.append(set(entered))
    for hook in hooks:
        hook.remove()
    second = next(step for step, timestep in enumerate(run.schedule, 1) if timestep < 875)
    assert 3 < second < STEPS - 3
    assert [record.step for record in run.records] == list(range(1, STEPS + 1))
    assert worked[second - 1] == worked[second] == {2}
    assert set().union(*worked[: second - 1]) == {1}
    assert worked[second - 2] == worked[second + 1] == set()  # reused on either side
    assert run.records[second - 1].distance is None
    assert run.records[second].distance is not None
    for part in (wan.pipeline.transformer, wan.pipeline.transformer_2):
        assert len(part.blocks) == wan.card.depth


def test_the_handover_is_the_repositorys_and_its_card_says_what_happens(model: Models) -> None:
    published = checkpoints()["wan-2.2-a14b"].card
    assert published.handover == model("wan-2.2-a14b").card.handover == 875.0
    assert "the cache restarts" in published.description
    assert model("wan-2.1-1.3b").card.handover is None
    with pytest.raises(ValueError, match="its card says"):
        DiffusersModel(
            model("wan-2.2-a14b").pipeline, model("wan-2.2-a14b").family, replace(published, handover=None)
        )


def test_both_have_to_fit_and_one_works_at_a_time() -> None:
    one, two = stored_needs("wan-2.1-14b"), stored_needs("wan-2.2-a14b")
    assert two["transformer"] == two["transformer_2"] == one["transformer"]
    assert "transformer_2" not in one


def test_no_recording_compares_the_two(model: Models) -> None:
    with pytest.raises(ValueError, match=r"Wan 2.2 A14B hands over to a second transformer"):
        record(model("wan-2.2-a14b"), PROMPT, seed=0, steps=4, guidance=4.0)
