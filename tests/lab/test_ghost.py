"""The ghost: what it shows is what then really runs, and what a run keeps for it costs neither side a second."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.caching.codebook import Codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.methods.easycache import EasyCacheConfig
from app.caching.methods.pab import PABConfig
from app.caching.motion import MotionRegularisation
from app.caching.registry import build_policy
from app.generation.denoiser import Denoiser
from app.generation.events import Compared
from app.generation.kept_baseline import RECORDING, KeptBaseline, read_latents
from app.generation.pair import generate_pair
from app.generation.request import Request
from app.lab import pair_recorder
from app.lab.ghost import AlongRun, RecordedRun, measures_alike
from app.lab.pair_recorder import PairRecorder
from app.lab.record import record
from app.lab.recorder import RecorderConfig
from app.lab.recording import load_recording
from app.lab.simulate import speedup
from tests.support.tiny import CARD, TinyVideoModel

MODEL = TinyVideoModel()
BOOK = Codebook((0.15, 0.25, 1.0), (3, 2, 1))
PLAIN = Request("tiny", "a test", AdaCacheConfig(BOOK, motion=None), steps=8, guidance=7.0)
VARIANTS = {
    "plain": AdaCacheConfig(BOOK, motion=None),
    "motion": AdaCacheConfig(BOOK, motion=MotionRegularisation()),
    "velocity": AdaCacheConfig(BOOK, residual="velocity", distance="l2", motion=None),
}
EDITED = (
    Codebook((0.10, 0.25, 1.0), (3, 2, 1)),
    Codebook((0.22, 0.25, 1.0), (3, 2, 1)),
    Codebook((0.15, 0.20, 1.0), (3, 2, 1)),
    Codebook((0.15, 0.40, 1.0), (3, 2, 1)),
    Codebook((0.15, 0.25, 1.0), (4, 2, 1)),
    Codebook((0.15, 0.25, 1.0), (3, 2, 2)),
)


def made(request: Request, folder: Path, **options: object) -> RecordedRun:
    """A run with the recording it kept."""
    *_, last = generate_pair(request, folder, load=lambda _: MODEL, watch=PairRecorder.of, **options)  # type: ignore[arg-type]
    assert isinstance(last, Compared)
    return RecordedRun(last.trace, last.summary, load_recording(folder / RECORDING))


def really(request: Request) -> tuple[int, ...]:
    """The computed steps of a real accelerated run."""
    run = Denoiser.start(
        MODEL,
        MODEL.encode_prompt(request.prompt),
        build_policy(request.method),
        seed=request.seed,
        steps=request.steps,
        guidance=request.guidance,
    )
    return run.finish().computed_steps


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> RecordedRun:
    return made(PLAIN, tmp_path_factory.mktemp("plain"))


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_ghost_of_every_edited_row_is_what_then_runs(variant: str, tmp_path: Path) -> None:
    request = replace(PLAIN, method=VARIANTS[variant])
    run = made(request, tmp_path)
    edited = [replace(VARIANTS[variant], codebook=codebook) for codebook in EDITED]
    shown = [run.ghost(method).simulation.computed for method in edited]
    assert shown == [really(replace(request, method=method)) for method in edited]
    assert len(set(shown)) >= 3  # the edits matter


def test_the_ghost_of_the_run_itself_is_the_run(plain: RecordedRun) -> None:
    found = plain.ghost(AdaCacheConfig(BOOK, motion=None))
    assert list(found.simulation.computed) == plain.trace.computed_steps("accelerated")
    assert found.speedup == pytest.approx(plain.summary["speedup"])
    assert found.db == pytest.approx(plain.summary["quality"]["psnr"])


def test_fewer_computed_steps_are_predicted_faster_and_further_off(plain: RecordedRun) -> None:
    seldom = plain.ghost(AdaCacheConfig(Codebook((1.0,), (5,)), motion=None))
    often = plain.ghost(AdaCacheConfig(Codebook((0.08, 1.0), (2, 1)), motion=None))
    assert seldom.speedup > often.speedup
    assert seldom.db is not None
    assert often.db is not None
    assert seldom.db < often.db


def test_a_recording_says_what_it_cannot_answer(plain: RecordedRun) -> None:
    with pytest.raises(ValueError, match="a cache rate of 14 looks back further"):
        plain.ghost(AdaCacheConfig(Codebook((1.0,), (14,)), motion=None))
    with pytest.raises(ValueError, match="the recording is of temporal-attn"):
        plain.ghost(AdaCacheConfig(BOOK, motion=None, residual="cross-mlp"))


def test_what_a_run_keeps_is_what_the_lab_records(plain: RecordedRun) -> None:
    recorded = record(MODEL, PLAIN.prompt, seed=0, steps=8, guidance=7.0, config=RecorderConfig())
    assert plain.recording.probes == recorded.probes
    assert plain.recording.velocities is not None
    assert recorded.velocities is not None
    baseline = 7 * 8 // 2  # products of the changes of velocity, which come first
    assert plain.recording.velocities.products[:baseline] == recorded.velocities.products[:baseline]


def test_another_methods_run_has_a_schedule_but_no_picture(tmp_path: Path) -> None:
    run = made(replace(PLAIN, method=PABConfig()), tmp_path)
    found = run.ghost(AdaCacheConfig(BOOK, motion=None))
    assert found.simulation.computed == really(PLAIN)
    assert found.db is None
    assert found.speedup > 1


def test_what_easycache_reuses_is_no_reference_for_the_picture(tmp_path: Path) -> None:
    run = made(
        replace(PLAIN, method=EasyCacheConfig(1000.0, warmup=2)), tmp_path
    )  # output minus input, not residuals
    assert 0 < len(run.trace.computed_steps("accelerated")) < 8
    assert run.ghost(AdaCacheConfig(BOOK, motion=None)).db is None


def test_a_pair_of_two_transformers_leaves_no_recording(tmp_path: Path) -> None:
    class Two(TinyVideoModel):
        card = replace(CARD, handover=500.0)

    *_, last = generate_pair(PLAIN, tmp_path, load=lambda _: Two(), watch=PairRecorder.of)
    assert isinstance(last, Compared)
    assert not (tmp_path / RECORDING).exists()


def test_a_step_that_runs_its_probe_costs_more_than_one_that_is_held(plain: RecordedRun) -> None:
    held = plain.ghost(AdaCacheConfig(BOOK, motion=None))
    probed = plain.ghost(AdaCacheConfig(BOOK, motion=None, reuse="probe-scaled"))
    assert held.simulation.computed == probed.simulation.computed
    assert probed.speedup < held.speedup
    recording = replace(plain.recording, computed_seconds=4.0, reused_seconds=0.5)  # four blocks: one takes 1 s
    assert speedup(recording, (1, 2, 5, 8)) == pytest.approx(32 / (4 * 4 + 4 * 0.5))
    assert speedup(recording, (1, 2, 5, 8), "probe-scaled") == pytest.approx(32 / (4 * 4 + 4 * 1.5))


def test_large_residuals_are_kept_by_every_kth_patch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = 12 * 2 * 5 * 20 * 64 * 4  # bytes: lags, batch, frames, patches, channels, float32
    monkeypatch.setattr(pair_recorder, "MOST_BYTES", whole // 4)
    run = made(PLAIN, tmp_path)
    assert run.recording.subsample == 4
    assert 0 < run.recording.subsample_error < 0.2


def test_recording_is_on_no_sides_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running: list[str] = []
    advance, observe = Denoiser.advance, pair_recorder.Recorder.observe

    def timed(run: Denoiser) -> object:
        running.append("clock")
        clean = advance(run)
        running.pop()
        return clean

    def observed(*arguments: object) -> None:
        assert not running
        measured.append(1)
        observe(*arguments)  # type: ignore[arg-type]

    measured: list[int] = []
    monkeypatch.setattr(Denoiser, "advance", timed)
    monkeypatch.setattr(pair_recorder.Recorder, "observe", observed)
    made(replace(PLAIN, steps=4), tmp_path)
    assert len(measured) == 4


def test_a_reused_baseline_brings_its_recording(plain: RecordedRun, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    one = made(PLAIN, first)
    latents = read_latents(first / "baseline.safetensors")
    assert latents is not None
    kept = KeptBaseline(
        one.trace.records["baseline"], *latents, "2026-03-01T12:00:00+00:00", (first / RECORDING).read_bytes()
    )
    other = made(
        replace(PLAIN, method=AdaCacheConfig(Codebook((1.0,), (2,)), motion=None)), second, kept=lambda _: kept
    )
    assert other.summary["baseline_measured"]
    assert other.recording == one.recording
    assert other.ghost(AdaCacheConfig(BOOK, motion=None)).simulation.computed == really(PLAIN)


def test_a_run_is_followed_up_to_the_first_other_step(plain: RecordedRun) -> None:
    """Its own measurements count as long as the steps agree, and not where they meet again later."""
    records = [r for r in plain.trace.records["accelerated"] if r.computed == "all"]
    shifted = [replace(r, distance=None if r.distance is None else 10 * r.distance) for r in records]
    along = AlongRun(shifted)
    config = AdaCacheConfig(BOOK, motion=None)
    steps = [record.step for record in records]
    assert along(plain.recording, config, 1, [])[0].change is None
    assert along(plain.recording, config, steps[1], [1])[0].change == shifted[1].distance
    skipped = steps[2] + 1 if steps[2] + 1 not in steps else steps[2] + 2
    after_parting = along(plain.recording, config, skipped, [steps[1]])[0].change
    assert after_parting != shifted[2].distance
    again = along(plain.recording, config, steps[-1], [skipped])[0].change
    assert again != shifted[-1].distance


def test_other_signals_do_not_measure_alike() -> None:
    one = AdaCacheConfig(BOOK, motion=None)
    alike: list[Callable[[], AdaCacheConfig]] = [
        lambda: replace(one, codebook=Codebook((1.0,), (2,))),
        lambda: replace(one, motion=MotionRegularisation()),
        lambda: replace(one, made_for=30),
    ]
    assert all(measures_alike(one, other()) for other in alike)
    for other in ({"reuse": "forecast"}, {"distance": "l2"}, {"locations": "end"}, {"formula": "paper"}):
        assert not measures_alike(one, replace(one, **other))  # type: ignore[arg-type]
