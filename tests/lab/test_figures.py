"""Figures from recordings, the bound over several, and recordings from strangers."""

import itertools
import json
from dataclasses import replace
from pathlib import Path

import pytest

from app.__main__ import main
from app.caching.codebook import Codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.motion import MotionRegularisation
from app.common.files import write_json
from app.lab import measured
from app.lab.bound import lower_hull, mean_bound
from app.lab.check import schedule_gap
from app.lab.figures import distance_figure, motion_figure
from app.lab.objective import OBJECTIVES
from app.lab.record import record
from app.lab.recording import Recording, parse_recording
from app.lab.replay import Replay
from app.lab.simulate import reuse_error, simulate, speedup
from tests.lab.test_lab import EVERY_STEP
from tests.support.tiny import TinyVideoModel


@pytest.fixture(scope="module")
def recordings() -> list[Recording]:
    model = TinyVideoModel()
    return [record(model, p, seed=s, steps=7, guidance=7.0) for s, p in enumerate(("a", 'two, "words"'))]


def test_figures_show_what_a_run_measures(recordings: list[Recording]):
    decisions = simulate(recordings[0], AdaCacheConfig(EVERY_STEP)).decisions
    distances = distance_figure(recordings).curves[0].values["distance"]
    assert distances[0] is None
    assert distances[1:] == pytest.approx([d.distance for d in decisions[1:]])
    motion = motion_figure(recordings).curves[0].values
    assert motion["score"][1:] == pytest.approx([d.motion for d in decisions[1:]])
    scores = motion["score"]
    assert motion["gradient"] == (None, *(b - a for a, b in itertools.pairwise(scores)))  # type: ignore[operator]


def test_figure_command(recordings: list[Recording], tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    for number, recording in enumerate(recordings):
        recording.save(tmp_path / f"{number}.json")
    csv, out = tmp_path / "new" / "motion.csv", tmp_path / "new" / "distance.json"
    assert main(["figure", "motion", "--recordings", str(tmp_path), "--out", str(csv)]) == 0
    assert main(["figure", "distance", "--recordings", str(tmp_path), "--out", str(out)]) == 0
    assert csv.read_text().splitlines()[0] == "prompt,seed,step,score,gradient"
    assert len(csv.read_text().splitlines()) == 1 + 2 * 7
    assert '"two, ""words""",1,7,' in csv.read_text()
    assert [len(curve["distance"]) for curve in json.loads(out.read_text())["curves"]] == [7, 7]
    assert main(["figure", "motion", "--recordings", str(tmp_path), "--out", "x.png"]) == 2
    assert "must end in .csv or .json" in capsys.readouterr().err


def test_measured_figures(recordings: list[Recording], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(measured, "REFERENCE_STEPS", 4)
    monkeypatch.setattr(measured, "BUDGET", 4)
    monkeypatch.setattr(measured, "INTERVALS", (1, 2))
    model = TinyVideoModel()
    budget = measured.budget_figure(model, recordings, lambda: None)
    assert [curve.x for curve in budget.curves] == [(4, 8), (4, 8)]
    assert budget.curves[0].values["psnr_db"][0] == 100  # four computed steps of four are the reference itself
    assert 0 < budget.curves[0].values["psnr_db"][1] < 100  # type: ignore[operator]
    steps = measured.steps_figure(model, recordings, lambda: None)
    assert steps.curves[1].x == (4, 6)
    assert steps.curves[1].values["ssim"][0] < steps.curves[1].values["ssim"][1] < 1  # type: ignore[operator]
    write_json(tmp_path / "tiny-steps.json", steps.to_json())
    assert measured.shipped("steps", recordings[1:], tmp_path).curves == steps.curves[1:]
    assert steps.to_csv().splitlines()[0] == "prompt,seed,steps,psnr_db,ssim"
    with pytest.raises(ValueError, match="python -m app figure budget measures it"):
        measured.shipped("budget", recordings, tmp_path)


def test_no_schedules_lie_below_the_mean_bound(recordings: list[Recording]):
    bound = mean_bound(recordings)
    schedules = [(1, *rest) for extra in range(7) for rest in itertools.combinations(range(2, 8), extra)]
    points = [[(speedup(r, s), reuse_error(r, s)) for s in schedules] for r in recordings]
    for one, other in itertools.product(*points):
        x, y = (one[0] + other[0]) / 2, (one[1] + other[1]) / 2
        for (x0, y0), (x1, y1) in itertools.pairwise(bound):
            if x0 <= x <= x1:
                assert y >= y0 + (y1 - y0) * (x - x0) / (x1 - x0) - 1e-9


def test_lower_hull_by_hand():
    assert lower_hull([(0, 0), (1, 2), (2, 1), (3, 3), (0, 5)]) == [(0, 0), (2, 1), (3, 3)]


def test_the_gap_in_words():
    assert schedule_gap((1, 2, 5), (1, 2, 5)) == "Simulated 3 computed steps, real 3; equal step for step."
    assert schedule_gap((1, 2, 5), (1, 2, 4, 6)).endswith("real 4; first difference at step 4.")


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("prompt", ["x"], "prompt must be text"),
        ("seed", -1, "seed must be a whole number"),
        ("max_lag", 10**9, "max_lag must be a whole number from 1 to 100"),
        ("guidance", "4", "guidance must be a finite number"),
        ("computed_seconds", 0, "computed_seconds must be within"),
        ("timesteps", [1.0], "2 to 1000 finite timesteps"),
        ("depth", True, "depth must be a whole number"),
    ],
)
def test_a_wrong_field_is_named(recordings: list[Recording], field: str, value: object, said: str):
    with pytest.raises(ValueError, match=said):
        parse_recording(json.dumps({**recordings[0].to_json(), field: value}))


def test_a_recording_of_nothing_and_one_too_deep(recordings: list[Recording]):
    value = json.loads(json.dumps(recordings[0].to_json()))
    value["probes"][0]["change"]["1"][3][0][1] = 0
    with pytest.raises(ValueError, match="step 4 of the recording holds a residual that is zero"):
        parse_recording(json.dumps(value))
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_recording("[" * 100_000)


@pytest.mark.parametrize("formula", ["official", "paper"])
@pytest.mark.parametrize("motion", [None, MotionRegularisation(reference=0.15, power=2)])
def test_replay_is_the_simulation(recordings: list[Recording], formula, motion):
    method = AdaCacheConfig(EVERY_STEP, formula=formula, motion=motion)
    for recording in recordings:
        replay = Replay(recording, method, OBJECTIVES["probe"].loss(recording, method.reuse))
        looked_up = [d.regularised or 0 for d in simulate(recording, method).decisions[1:]]
        for low, high in itertools.combinations(sorted(looked_up), 2):
            for rates in ((3, 2, 1), (5, 4, 2), (2, 2, 2)):
                book = Codebook((max(low, 1e-9), high + 1e-9, high + 1), rates)
                simulated = simulate(recording, replace(method, codebook=book))
                assert replay.computed(book) == simulated.computed
                assert replay.score(book) == (simulated.speedup, simulated.error)
