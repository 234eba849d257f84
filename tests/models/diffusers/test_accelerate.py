"""adacache(pipe): a pipeline of diffusers accelerated in place, and left as it was."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
import torch
from diffusers import DiffusionPipeline
from PIL import Image

from app import Codebook, adacache
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.methods.pab import PABConfig
from app.caching.record import StepRecord
from app.models.diffusers.accelerate import Acceleration, StepTrace
from app.models.diffusers.family import checkpoints
from app.selftest.checkpoints.diffusers import SIZES
from app.selftest.checkpoints.image import IMAGE
from tests.models.diffusers.conftest import MODELS, every_model

ALL = Codebook((1e9,), (1,))
EVERY_THIRD = Codebook((1e9,), (3,))


def open_pipeline(name: str, folder: Path) -> Any:
    pipe = DiffusionPipeline.from_pretrained(folder / checkpoints()[name].repository.name)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def call(pipe: Any, name: str, steps: int = 8) -> torch.Tensor:
    family, size = checkpoints()[name].family, SIZES[name]
    image = {"image": Image.fromarray(IMAGE.pixels)} if checkpoints()[name].card.needs_image else {}
    result = pipe(
        prompt="a red fox runs over the snow",
        height=size.height,
        width=size.width,
        num_inference_steps=steps,
        guidance_scale=5.0,
        generator=torch.Generator().manual_seed(0),
        output_type="pt",
        **{family.frames_argument: size.frames},
        **image,
    )
    frames: torch.Tensor = result.frames
    return frames


@every_model
def test_with_rate_one_it_is_the_pipelines_own_output_and_nothing_is_left_behind(
    name: str, checkpoint: Callable[[str], Path]
) -> None:
    pipe = open_pipeline(name, checkpoint(name))
    kind = type(pipe.transformer)
    plain = call(pipe, name)
    with adacache(pipe, ALL) as run:
        assert torch.equal(call(pipe, name), plain)
    assert run.trace.computed_steps == list(range(1, len(run.trace.records) + 1))
    assert run.speedup_estimate == 1.0
    assert type(pipe.transformer) is kind
    assert not {"step", "set_timesteps"} & set(vars(pipe.scheduler))  # the methods of its class again
    assert not pipe.transformer._forward_pre_hooks
    assert torch.equal(call(pipe, name), plain)


@pytest.mark.parametrize("name", [*MODELS, "cogvideox-5b-i2v", "wan-2.1-i2v-14b"])
def test_steps_are_skipped_the_same_in_every_call(name: str, checkpoint: Callable[[str], Path]) -> None:
    pipe = open_pipeline(name, checkpoint(name))
    plain = call(pipe, name)
    with adacache(pipe, EVERY_THIRD) as run:
        first, second = call(pipe, name), call(pipe, name)
    assert torch.equal(first, second)
    assert not torch.equal(first, plain)
    assert len(run.traces) == 2
    assert run.traces[0].computed_steps == run.traces[1].computed_steps
    assert 2 < len(run.trace.computed_steps) < len(run.trace.records)


def test_other_methods_by_name(checkpoint: Callable[[str], Path]) -> None:
    pipe = open_pipeline("wan-2.1-1.3b", checkpoint("wan-2.1-1.3b"))
    with adacache(pipe, method="fixed-interval-3+forecast") as run:
        call(pipe, "wan-2.1-1.3b", 9)
    assert run.trace.computed_steps == [1, 4, 7]


def test_the_estimate_counts_steps_of_which_a_part_is_computed() -> None:
    def trace(*steps: tuple[Literal["all", "none"] | int, float]) -> Acceleration:
        records = [
            StepRecord(step=n, timestep=1000.0 - n, computed=computed, seconds=seconds)
            for n, (computed, seconds) in enumerate(steps, 1)
        ]
        return Acceleration(PABConfig(), [StepTrace(records)])

    assert trace(("all", 4.0), (6, 1.0), (6, 1.0), ("all", 4.0)).speedup_estimate == pytest.approx(16 / 10)
    assert trace(("all", 4.0), ("none", 0.5), (6, 1.5), ("all", 4.0)).speedup_estimate == pytest.approx(16 / 10)
    assert trace((6, 1.0), (6, 1.0)).speedup_estimate == 1.0  # no whole step to compare with


def test_a_call_that_breaks_off_leaves_the_next_one_whole(checkpoint: Callable[[str], Path]) -> None:
    pipe = open_pipeline("cogvideox-2b", checkpoint("cogvideox-2b"))

    def stop(*_: Any) -> dict[str, Any]:
        raise KeyboardInterrupt

    with adacache(pipe, EVERY_THIRD) as run:
        whole = call(pipe, "cogvideox-2b")
        with pytest.raises(KeyboardInterrupt):
            pipe("a fox", height=16, width=16, num_frames=9, num_inference_steps=8, callback_on_step_end=stop)
        assert torch.equal(call(pipe, "cogvideox-2b"), whole)
    assert [len(trace.records) for trace in run.traces] == [8, 1, 8]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"method": "fewer-steps-5"}, "smaller num_inference_steps"),
        ({"method": "magic"}, "no method 'magic'"),
        ({"codebook": "nowhere"}, "nowhere"),
        (
            {"method": AdaCacheConfig(EVERY_THIRD, residual="velocity", distance="l2")},
            "velocity is measured on guided predictions, which a pipeline does not show",
        ),
    ],
)
def test_what_cannot_be_is_said(arguments: dict[str, Any], said: str, checkpoint: Callable[[str], Path]) -> None:
    pipe = open_pipeline("wan-2.1-1.3b", checkpoint("wan-2.1-1.3b"))
    with pytest.raises(ValueError, match=said), adacache(pipe, **arguments):
        pass


def test_other_pipelines_are_refused_by_name() -> None:
    class StableDiffusionPipeline:
        transformer = scheduler = None

    with (
        pytest.raises(
            ValueError,
            match="no cache is known for StableDiffusionPipeline; the supported pipelines are Cog",
        ),
        adacache(StableDiffusionPipeline()),
    ):
        pass
