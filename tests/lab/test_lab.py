"""The Lab: recordings agree with the run, simulation is exact on it, bounds bound, broken files are named."""

import itertools
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from app.caching.branches import FACTORISED, TEXT_IN_SPACE, WHOLE_BLOCKS
from app.caching.cache import ResidualCache
from app.caching.codebook import Codebook
from app.caching.methods.adacache import PROBED, AdaCacheConfig
from app.caching.methods.adacache_policy import AdaCache
from app.caching.motion import MotionRegularisation
from app.caching.policy import Decision
from app.lab.calibrate import calibrate
from app.lab.check import check
from app.lab.objective import OBJECTIVES
from app.lab.optimal import optimal_schedules
from app.lab.record import record
from app.lab.recorder import RecorderConfig
from app.lab.recording import Recording, load_recording
from app.lab.simulate import reuse_error, simulate
from tests.support.tiny import TinyVideoModel

MODEL = TinyVideoModel()
STEPS = 10
EVERY_STEP = Codebook((1.0,), (1,))
BOOK = Codebook((0.3, 0.45, 0.7, 1.0), (4, 3, 2, 1))


def recorded(prompt: str = "a test", steps: int = STEPS, **settings: object) -> Recording:
    config = RecorderConfig(**settings)  # type: ignore[arg-type]
    return record(MODEL, prompt, seed=1, steps=steps, guidance=7.0, config=config)


@pytest.fixture(scope="module")
def recording() -> Recording:
    return recorded()


def decisions_of_a_real_run(config: AdaCacheConfig) -> list[Decision]:
    schedule = MODEL.schedule(STEPS)
    cache = ResidualCache(AdaCache(config), MODEL.card.run_shape(schedule))
    latent, text = MODEL.initial_latent(1), MODEL.encode_prompt("a test")
    decisions = []
    with torch.inference_mode():
        for step in range(1, STEPS + 1):
            cache.begin_step()
            latent, _ = MODEL.denoise_step(latent, step, schedule, text, 7.0, cache)
            decisions.append(cache.end_step())
    return decisions


@pytest.mark.parametrize("residual", PROBED)
@pytest.mark.parametrize("layout", [FACTORISED, TEXT_IN_SPACE, WHOLE_BLOCKS], ids=["stdit", "latte", "blocks"])
def test_a_recording_holds_whatever_a_layout_has_of_a_residual(recording, layout, residual):
    config = AdaCacheConfig(EVERY_STEP, residual=residual)
    count = len(config.probes(recording.depth, layout))
    assert count > 0
    replace(
        recording, residual=residual, blocks=config.blocks(recording.depth), probes=recording.probes[:1] * count
    )
    with pytest.raises(ValueError, match="recording needs"):
        replace(recording, residual=residual, probes=recording.probes[:1] * 5)


@pytest.mark.parametrize("formula", ["official", "paper"])
@pytest.mark.parametrize("distance", ["l1", "l2", "cosine"])
@pytest.mark.parametrize("motion", [None, MotionRegularisation(strides=(1, 2), reference=0.15, power=2)])
def test_with_all_rates_1_the_simulation_is_the_real_run(recording, formula, distance, motion):
    config = AdaCacheConfig(EVERY_STEP, formula=formula, distance=distance, motion=motion)
    real = decisions_of_a_real_run(config)
    simulated = simulate(recording, config)
    assert simulated.computed == tuple(range(1, STEPS + 1))
    assert simulated.decisions == tuple(real)
    assert simulated.error == 0
    assert simulated.speedup == 1


@pytest.mark.parametrize(("residual", "locations"), [("cross-mlp", (1, 3)), ("spatial-attn", (0,))])
def test_other_probes(residual, locations):
    config = AdaCacheConfig(EVERY_STEP, residual=residual, locations=locations)
    recording = recorded(residual=residual, locations=locations)
    simulated = simulate(recording, config)
    assert list(recording.block_changes) == list(locations)
    by_step = zip(*recording.block_changes.values(), strict=True)
    means = [sum(changes) / len(changes) for changes in by_step]
    assert means == pytest.approx([row[0] for row in recording.distances[1:]])  # D has the mean over blocks
    assert simulated.decisions == tuple(decisions_of_a_real_run(config))


def test_a_schedule_follows_the_codebook(recording: Recording):
    simulated = simulate(recording, AdaCacheConfig(BOOK))
    assert simulated.computed[:2] == (1, 2)
    assert simulated.computed[-2:] == (STEPS - 1, STEPS)
    assert len(simulated.computed) < STEPS
    for decision, (step, following) in zip(
        simulated.decisions[1:], itertools.pairwise(simulated.computed[1:]), strict=False
    ):
        assert decision.rate == BOOK.rate(decision.regularised or 0)
        assert following == min(step + decision.rate, max(step + 1, STEPS - 1))
    assert simulated.speedup > 1
    assert simulated.error == pytest.approx(reuse_error(recording, simulated.computed))


def test_error_by_hand(recording: Recording):
    d = recording.distance
    assert reuse_error(recording, (1, 4, 5, 6, 7, 8, 9, 10)) == pytest.approx((d(2, 1) + d(3, 2)) / STEPS)


def test_no_schedule_beats_the_bound_of_its_budget():
    small = recorded(steps=7)
    bounds = {len(bound.computed): bound for bound in optimal_schedules(small)}
    assert sorted(bounds) == list(range(1, 8))
    for extra in range(7):
        for rest in itertools.combinations(range(2, 8), extra):
            assert reuse_error(small, (1, *rest)) >= bounds[1 + extra].error - 1e-12


def test_bounds_respect_the_recorded_lag():
    bounds = optimal_schedules(recorded(steps=9, max_lag=3))
    assert min(len(bound.computed) for bound in bounds) == 3
    for bound in bounds:
        assert all(b - a <= 3 for a, b in itertools.pairwise((*bound.computed, 10)))


def test_calibration_finds_the_wished_speedup():
    recordings = [recorded(prompt) for prompt in ("a", "two words", "three short words", "x" * 30)]
    recordings = [replace(r, computed_seconds=1.0, reused_seconds=0.01) for r in recordings]
    result = calibrate(recordings, AdaCacheConfig(EVERY_STEP), speedup=1.6, objective=OBJECTIVES["probe"])
    assert result.chosen.speedup == pytest.approx(1.6, rel=0.1)
    assert len(result.held_out) == 4
    errors = [candidate.loss for candidate in result.front]
    assert errors == sorted(errors)
    assert [c.speedup for c in result.front] == sorted(c.speedup for c in result.front)
    by_error = calibrate(recordings, AdaCacheConfig(EVERY_STEP), error=result.chosen.loss)
    assert by_error.chosen.speedup >= result.chosen.speedup
    with pytest.raises(ValueError, match="no codebook of the family gives 50x"):
        calibrate(recordings, AdaCacheConfig(EVERY_STEP), speedup=50)
    with pytest.raises(ValueError, match=r"above 1, got 0\.5"):
        calibrate(recordings, AdaCacheConfig(EVERY_STEP), speedup=0.5)


def test_memory_is_bounded_by_the_lag():
    streams = []
    for lag in (2, 4):
        cache = ResidualCache(recorder := _recorder(lag), MODEL.card.run_shape(MODEL.schedule(STEPS)))
        latent, text = MODEL.initial_latent(1), MODEL.encode_prompt("a test")
        with torch.inference_mode():
            for step in range(1, STEPS + 1):
                cache.begin_step()
                latent, _ = MODEL.denoise_step(latent, step, cache.run.timesteps, text, 7.0, cache)
                cache.end_step()
        streams.append(recorder.held_bytes() / (2 * 5 * 20 * 64 * 4))
    assert streams == [2, 4]


def test_subsampling_states_its_error(recording: Recording):
    half = recorded(subsample=2)
    assert 0 < half.subsample_error < 0.2
    assert recording.subsample_error == 0
    for step in range(2, STEPS + 1):
        assert half.distance(step, 1) == pytest.approx(recording.distance(step, 1), rel=0.3)


def test_a_sampler_may_make_more_steps_than_asked_for():
    class Longer(TinyVideoModel):
        def schedule(self, steps: int) -> tuple[float, ...]:
            return super().schedule(steps + 3)

    recording = record(Longer(), "a test", seed=1, steps=5, guidance=7.0)
    assert (recording.asked, recording.steps) == (5, 8)
    assert check(Longer(), recording, AdaCacheConfig(EVERY_STEP)).real == tuple(range(1, 9))


def test_a_recording_from_before_that_was_asked_for_its_steps(recording: Recording):
    value = recording.to_json()
    del value["asked"]
    assert Recording.from_json(json.loads(json.dumps(value))) == recording


def test_a_recording_survives_the_disk(recording: Recording, tmp_path: Path):
    path = tmp_path / "run.json"
    recording.save(path)
    assert load_recording(path) == recording


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda text: text[: len(text) // 2], "not a whole JSON file"),
        (lambda text: text.replace('"schema": 2', '"schema": 9'), "schema 1 or 2 is needed, got 9"),
        (lambda text: "[]", "schema 1 or 2 is needed"),
        (lambda text: text.replace('"max_lag"', '"lag"'), "lacks max_lag"),
        (lambda text: text.replace('"max_lag": 12', '"max_lag": 3'), "lags of 3"),
        (lambda text: text.replace('"temporal-attn"', '"other"'), "unknown residual 'other'"),
    ],
)
def test_a_broken_recording_is_named(recording: Recording, tmp_path: Path, damage, said: str):
    path = tmp_path / "run.json"
    recording.save(path)
    path.write_text(damage(path.read_text()))
    with pytest.raises(ValueError, match=r"run\.json") as error:
        load_recording(path)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_recording_with_a_nan_is_named(recording: Recording, tmp_path: Path):
    path = tmp_path / "run.json"
    value = recording.to_json()
    rows = [list(map(list, row)) for row in value["probes"][0]["change"]["1"]]
    rows[4][0][0] = float("nan")
    value["probes"][0]["change"]["1"] = rows
    path.write_text(json.dumps(value))
    with pytest.raises(ValueError, match="NaN is not a number JSON can hold"):
        load_recording(path)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (AdaCacheConfig(BOOK, residual="mlp"), "of temporal-attn, the method probes mlp"),
        (AdaCacheConfig(BOOK, locations=(0,)), r"of blocks \(1,\), the method probes \(0,\)"),
        (AdaCacheConfig(Codebook((0.1, 1.0), (13, 1))), "a cache rate of 13 looks back further"),
        (AdaCacheConfig(BOOK, motion=MotionRegularisation(strides=(3,))), "motion at strides 1, 2, 4"),
    ],
)
def test_a_recording_answers_only_for_its_probe(recording: Recording, config: AdaCacheConfig, said: str):
    with pytest.raises(ValueError, match=said):
        simulate(recording, config)


def _recorder(lag: int):
    from app.lab.recorder import Recorder

    return Recorder(RecorderConfig(max_lag=lag))
