"""generate_pair(): the event stream of a real tiny transformer, its files, and how it ends early."""

import json
from pathlib import Path
from threading import Event as Flag
from types import SimpleNamespace

import imageio.v3 as iio
import numpy as np
import pytest
from torch import Tensor

from app.caching.codebook import Codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.generation.events import Compared, Event, Failed, Finished, Started, Step, Stopped
from app.generation.pair import generate_pair
from app.generation.request import Request
from app.generation.speed import speed_of
from app.generation.trace import Trace
from app.metrics.quality.psnr import psnr
from app.models.base import Frames
from tests.support.tiny import TinyVideoModel

MODEL = TinyVideoModel()
FAST = Codebook((0.08, 0.16, 0.24, 0.32, 0.40, 1.00), (6, 5, 4, 3, 2, 1))
SAME = Codebook((1.0,), (1,))


def request(codebook: Codebook = FAST, **changes: object) -> Request:
    settings = {"model": "tiny", "prompt": "a test", "method": AdaCacheConfig(codebook), "steps": 12, **changes}
    return Request(**settings)  # type: ignore[arg-type]


def run(wanted: Request, folder: Path, **options: object) -> list[Event]:
    return list(generate_pair(wanted, folder, load=lambda _: MODEL, **options))  # type: ignore[arg-type]


class SlowlyPreviewed(TinyVideoModel):
    """The tiny model whose previews take a second on a clock that nothing else moves."""

    def __init__(self, clock: list[float]) -> None:
        super().__init__()
        self.clock = clock

    def preview(self, clean_latent: Tensor) -> Frames:
        self.clock[0] += 1.0
        return super().preview(clean_latent)


def test_previews_take_a_share_of_the_time_at_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    clock = [0.0]
    monkeypatch.setattr("app.generation.pair.time", SimpleNamespace(monotonic=lambda: clock[0]))
    previewed: list[tuple[str, int]] = []
    slow = SlowlyPreviewed(clock)
    for event in generate_pair(request(SAME), tmp_path, load=lambda _: slow, sequential=True, previews=True):
        if isinstance(event, Step):
            previewed += [(event.side, event.record.step)] if event.preview else []
            clock[0] += 10.0  # a step
    # The first of a side, one after 2 sides x 1 s / 2 % = 100 s, which are 10 steps, and the last.
    assert previewed == [(side, step) for side in ("baseline", "accelerated") for step in (1, 11, 12)]


def test_the_stream_of_a_whole_race(tmp_path: Path):
    events = run(request(), tmp_path, previews=True)
    assert isinstance(events[0], Started)
    assert events[0].ignored == ("foo",)
    assert isinstance(events[-1], Compared)
    steps = [event for event in events if isinstance(event, Step)]
    for side in ("baseline", "accelerated"):
        own_previews = [event.preview for event in steps if event.side == side]
        assert own_previews[0].startswith(b"RIFF")
        assert own_previews[-1].startswith(b"RIFF")
    for side in ("baseline", "accelerated"):
        own = [event.record.step for event in steps if event.side == side]
        assert own == list(range(1, 13))
    trace, summary = events[-1].trace, events[-1].summary
    assert trace.computed_steps("baseline") == list(range(1, 13))
    assert summary["computed_steps"] == len(trace.computed_steps("accelerated")) < 12
    assert summary["summed_seconds"] == {side: trace.seconds(side) for side in ("baseline", "accelerated")}
    assert summary["speedup"] == speed_of(trace.records["baseline"], trace.records["accelerated"]).speedup
    assert (summary["compute_share"], summary["compute_unit"]) == (summary["computed_fraction"], "branches")
    finished = {event.side: event for event in events if isinstance(event, Finished)}
    assert finished["baseline"].peak_cache_bytes == 0
    assert finished["accelerated"].peak_cache_bytes > 0

    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "accelerated.mp4",
        "baseline.mp4",
        "baseline.safetensors",
        "summary.json",
        "trace.json",
    ]
    assert Trace.from_json(json.loads((tmp_path / "trace.json").read_text())) == trace
    assert json.loads((tmp_path / "summary.json").read_text()) == summary
    video = iio.imread(finished["baseline"].video, plugin="pyav")
    assert video.shape == (5, 256, 320, 3)


def test_the_side_with_less_compute_goes_next(tmp_path: Path):
    clocks = {"baseline": 0.0, "accelerated": 0.0}
    left = {"baseline": 12, "accelerated": 12}
    for event in run(request(), tmp_path):
        if isinstance(event, Step):
            other = "accelerated" if event.side == "baseline" else "baseline"
            assert clocks[event.side] <= clocks[other] or not left[other]
            clocks[event.side] = event.seconds
            left[event.side] -= 1


def test_sequential_finishes_the_baseline_first(tmp_path: Path):
    sides = [event.side for event in run(request(), tmp_path, sequential=True) if isinstance(event, Step)]
    assert sides == ["baseline"] * 12 + ["accelerated"] * 12


def test_rates_of_1_give_the_same_video(tmp_path: Path):
    summary = json.loads((tmp_path / "summary.json").read_text()) if run(request(SAME), tmp_path) else {}
    assert summary["quality"]["psnr"] == 100.0
    assert (tmp_path / "baseline.mp4").read_bytes() == (tmp_path / "accelerated.mp4").read_bytes()


def test_the_same_request_gives_the_same_video_interleaved_or_not(tmp_path: Path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    run(request(), tmp_path / "a")
    run(request(), tmp_path / "b", sequential=True)
    for name in ("baseline.mp4", "accelerated.mp4"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_stopping_keeps_the_steps_made_and_the_next_run_is_unaffected(tmp_path: Path):
    stop = Flag()
    events: list[Event] = []
    for event in generate_pair(request(), tmp_path, stop=stop, load=lambda _: MODEL):
        events.append(event)
        if isinstance(event, Step) and event.record.step == 5:
            stop.set()
    made = sum(isinstance(event, Step) for event in events)
    assert isinstance(events[-1], Stopped)
    assert sum(len(records) for records in events[-1].trace.records.values()) == made
    assert isinstance(run(request(), tmp_path)[-1], Compared)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (request(prompt="gibberish"), "no known word"),
        (request(steps=101), "Tiny takes at most 100 steps, got 101"),
        (request(method=AdaCacheConfig(FAST, locations=(9,))), "block 9 does not exist"),
    ],
)
def test_what_a_user_can_mend_fails_with_a_sentence(wanted: Request, said: str, tmp_path: Path):
    last = run(wanted, tmp_path)[-1]
    assert isinstance(last, Failed)
    assert said in last.message
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_fails_with_a_sentence(tmp_path: Path):
    last = run(request(steps=3), tmp_path / "missing")[-1]
    assert isinstance(last, Failed)
    assert "No such file or directory" in last.message
    assert str(tmp_path / "missing") in last.message


def test_psnr_by_hand():
    dark = np.zeros((2, 4, 4, 3), np.uint8)
    light = dark.copy()
    light[1] = 255  # 0 dB in one frame, equal in the other
    assert psnr(dark, light) == pytest.approx((100 + 0) / 2)
    assert psnr(dark, np.full_like(dark, 51)) == pytest.approx(-10 * np.log10(0.04))
    with pytest.raises(ValueError, match="same shape"):
        psnr(dark, light[:1])
