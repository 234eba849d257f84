"""A kept baseline: taken only for the very same request on the very same model, and then bit for bit the same."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event as Flag
from typing import Any

import pytest
import torch
from torch import Tensor

from app.caching.methods.adacache import AdaCacheConfig
from app.caching.methods.fixed_interval import FixedIntervalConfig
from app.generation.events import BaselineFound, Compared, Event, Finished, Step, Stopped
from app.generation.pair import generate_pair
from app.generation.request import Request
from app.generation.speed import baseline_scale
from app.generation.trace import SIDES
from app.models.settings import NAMES
from app.models.size import Size
from app.runs.run import Run
from app.runs.store import RunStore, about_now
from tests.runs.conftest import MADE, MODEL, REQUEST, SLOW
from tests.support.tiny import TinyVideoModel

OTHER_METHOD = replace(REQUEST, method=AdaCacheConfig(SLOW))


class Counting(TinyVideoModel):
    """The tiny model, counting its steps."""

    steps = 0

    def denoise_step(self, *arguments: Any) -> tuple[Tensor, Tensor]:
        self.steps += 1
        return super().denoise_step(*arguments)


def raced(request: Request, folder: Path, model: TinyVideoModel = MODEL, **options: Any) -> list[Event]:
    folder.mkdir(parents=True, exist_ok=True)
    return list(generate_pair(request, folder, load=lambda _: model, **options))


def test_a_reused_baseline_is_the_one_that_would_have_been_made(run: Run, store: RunStore, tmp_path: Path) -> None:
    fresh = raced(OTHER_METHOD, tmp_path / "fresh")[-1]
    model = Counting()
    events = raced(OTHER_METHOD, tmp_path / "reused", model, kept=store.baseline, previews=True)
    reused = events[-1]
    assert isinstance(fresh, Compared)
    assert isinstance(reused, Compared)
    for side in SIDES:
        one, other = tmp_path / "fresh" / f"{side}.mp4", tmp_path / "reused" / f"{side}.mp4"
        assert one.read_bytes() == other.read_bytes()
    one, other = tmp_path / "fresh" / "baseline.safetensors", tmp_path / "reused" / "baseline.safetensors"
    assert one.read_bytes() == other.read_bytes()
    assert reused.summary["quality"] == fresh.summary["quality"]
    assert model.steps == 1 + REQUEST.steps  # the check, and the accelerated side

    assert reused.trace.records["baseline"] == run.trace.records["baseline"]
    scale = reused.summary["baseline_scale"]
    assert scale == baseline_scale(run.trace.records["baseline"], reused.trace.records["accelerated"])
    assert reused.summary["baseline_seconds"] == run.summary["baseline_seconds"] * scale
    assert reused.summary["baseline_measured"] == MADE.isoformat()
    assert fresh.summary["baseline_measured"] is None
    kinds = [type(event) for event in events]
    assert kinds[1:9] == [BaselineFound, *[Step] * REQUEST.steps, Finished]
    assert events[1] == BaselineFound(MADE.isoformat(), True)


def test_the_date_is_that_of_the_measurement_however_often_it_is_reused(run: Run, store: RunStore) -> None:
    for _ in range(2):
        making = store.begin("0" * 16)
        raced(OTHER_METHOD, making, kept=store.baseline)
        kept = store.keep(making, about_now())
        assert kept.baseline_measured == MADE
    store.delete(run.id)
    assert store.baseline(REQUEST) is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"prompt": "a tests"},
        {"seed": 1},
        {"steps": 7},
        {"guidance": 3.0},
        {"model": "other"},
        {"size": Size(64, 80, 34)},
        {"negative_prompt": ""},
        {"precision": "float32"},
        {"flow_shift": 2.0},
        {"aesthetic": 7.0},
        {"motion_score": 5.0},
        {"camera_motion": "static"},
        {"image": "a" * 64},
        {"last_image": "a" * 64},
        {"extends": "a-run", "overlap": 5},
    ],
)
def test_no_baseline_for_another_request(run: Run, store: RunStore, changes: dict[str, Any]) -> None:
    assert store.baseline(REQUEST) is not None
    assert set(changes) < set(Request.__dataclass_fields__) - {"method"}
    assert store.baseline(replace(REQUEST, **changes)) is None


def test_every_field_but_the_method_is_covered() -> None:
    asked = {"prompt", "seed", "steps", "guidance", "model", "method", "size"}
    assert set(Request.__dataclass_fields__) == asked | set(NAMES)


def changed_weights() -> TinyVideoModel:
    model = TinyVideoModel()
    with torch.no_grad():
        next(model.transformer.parameters()).add_(1e-3)
    return model


def other_schedule() -> TinyVideoModel:
    model = TinyVideoModel()
    model.schedule = lambda steps: tuple(t * 0.99 for t in TinyVideoModel.schedule(model, steps))  # type: ignore[method-assign]
    return model


@pytest.mark.parametrize("make", [changed_weights, other_schedule])
def test_another_model_of_that_name_is_measured_anew(
    run: Run, store: RunStore, make: Callable[[], TinyVideoModel], tmp_path: Path
) -> None:
    expected = raced(OTHER_METHOD, tmp_path / "fresh", make())
    events = raced(OTHER_METHOD, tmp_path / "again", make(), kept=store.baseline)
    assert events[1] == BaselineFound(MADE.isoformat(), False)
    assert json.loads((tmp_path / "again/summary.json").read_text())["baseline_measured"] is None
    assert sum(isinstance(event, Step) for event in events) == 2 * REQUEST.steps
    assert len(events) == len(expected) + 1
    for side in SIDES:
        one, other = tmp_path / "fresh" / f"{side}.mp4", tmp_path / "again" / f"{side}.mp4"
        assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("data", [None, b"", b"x" * 100])
def test_broken_latents_are_no_baseline(run: Run, store: RunStore, data: bytes | None) -> None:
    path = run.folder / "baseline.safetensors"
    path.unlink() if data is None else path.write_bytes(data)
    assert store.baseline(REQUEST) is None


def test_stop_works_while_a_baseline_is_reused(run: Run, store: RunStore, tmp_path: Path) -> None:
    stop = Flag()
    events = []
    for event in generate_pair(OTHER_METHOD, tmp_path, load=lambda _: MODEL, kept=store.baseline, stop=stop):
        events.append(event)
        if isinstance(event, Step) and event.side == "accelerated":
            stop.set()
    assert isinstance(events[-1], Stopped)
    assert not (tmp_path / "trace.json").exists()


def test_steps_are_made_anew_where_the_accelerated_side_computes_too_few(
    run: Run, store: RunStore, tmp_path: Path
) -> None:
    model = Counting()
    sparse = replace(REQUEST, method=FixedIntervalConfig(4))
    last = raced(sparse, tmp_path / "reused", model, kept=store.baseline)[-1]
    assert isinstance(last, Compared)
    assert last.summary["computed_steps"] == 2
    assert model.steps == 1 + REQUEST.steps + 3
    assert last.summary["baseline_scale"] > 0
