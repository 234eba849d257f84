"""The store of runs: whole runs or none, ids that stay inside, visitors kept apart, old runs making room."""

import json
import os
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from app.caching.methods.adacache import AdaCacheConfig
from app.caching.motion import MotionRegularisation
from app.runs import store as store_module
from app.runs.difference import differing_settings
from app.runs.picture import plots_png
from app.runs.run import Run
from app.runs.store import RunStore
from app.runs.table import steps_csv
from components.runs.answers import Answers
from tests.runs.conftest import MADE, REQUEST, SLOW, keep

ADA, BOB = "a" * 32, "b" * 32


def change(path: Path, *keys: str | int, to: object) -> None:
    """Change one value of a JSON file."""
    value = whole = json.loads(path.read_text())
    for key in keys[:-1]:
        value = value[key]
    value[keys[-1]] = to
    path.write_text(json.dumps(whole))


def test_runs_survive_a_restart_newest_first(store: RunStore, made: Path) -> None:
    older = keep(store, made)
    newer = keep(store, made, made=MADE + timedelta(days=1))
    again = RunStore(store.folder)
    assert again.runs() == [newer, older]
    assert again.get(older.id).request == REQUEST


def test_what_a_crash_leaves_is_never_a_run(store: RunStore, made: Path) -> None:
    making = store.begin("0" * 16)
    (making / "trace.json").write_bytes((made / "trace.json").read_bytes())
    assert store.runs() == []
    store.tidy()
    assert making.is_dir()  # another server may be at it
    os.utime(making, (0, 0))
    store.tidy()
    assert list(store.folder.iterdir()) == []


@pytest.mark.parametrize("name", ["trace.json", "summary.json", "run.json"])
def test_a_torn_file_is_left_out(run: Run, name: str) -> None:
    data = (run.folder / name).read_bytes()
    (run.folder / name).write_bytes(data[: len(data) // 2])
    assert RunStore(run.folder.parent).runs() == []


@pytest.mark.parametrize(
    ("file", "keys", "value", "said"),
    [
        ("trace.json", ("schema",), 2, "schema"),
        ("trace.json", ("request", "prompt"), "", "prompt is empty"),
        ("trace.json", ("request", "model"), {"a": 1}, "names its model"),
        ("trace.json", ("records", "accelerated", 0, "seconds"), float("nan"), "NaN"),
        ("trace.json", ("records", "accelerated", 0, "seconds"), float("inf"), "Infinity"),
        ("trace.json", ("records", "accelerated", 0, "rate"), "<b>", "rate"),
        ("trace.json", ("records", "accelerated", 0, "distance"), "<b>", "distance"),
        ("trace.json", ("records", "baseline"), [], "0 steps of the baseline"),
        ("trace.json", ("records", "baseline", 3, "computed"), "none", "reuses steps"),
        ("trace.json", ("request", "method", "motion"), {"strides": ["x"]}, "AdaCache"),
        ("summary.json", ("speedup",), 99.0, "speedup is not what its trace tells"),
        ("summary.json", ("prompt",), "another", "prompt is not what"),
        ("summary.json", ("quality", "psnr"), "high", "psnr must be a finite number"),
        ("summary.json", ("quality", "ssim"), float("inf"), "Infinity"),
        ("summary.json", ("quality",), [1], "a value for each metric, got [1]"),
        ("summary.json", ("frame_psnr",), {"0": 1.0}, "the PSNR of frames is a list"),
        ("summary.json", ("frame_psnr", 0), "high", "the PSNR of a frame must be a finite number"),
        ("summary.json", ("frame_psnr", 0), 7.0, "mean of the summary's frame_psnr is not its psnr"),
        ("summary.json", ("understood",), [["a"]], "words of the prompt"),
        ("run.json", ("made",), "yesterday", "a moment is written as"),
        ("run.json", ("visitor",), "../x", "32 hexadecimal digits"),
    ],
)
def test_what_does_not_fit_is_left_out_and_named(
    run: Run, file: str, keys: tuple[str | int, ...], value: object, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    change(run.folder / file, *keys, to=value)
    assert RunStore(run.folder.parent).runs() == []
    assert said in caplog.text


@pytest.mark.parametrize(
    ("file", "keys", "value"),
    [
        ("trace.json", ("request", "prompt"), "a \ud800 dog"),
        ("trace.json", ("request", "seed"), 10**30),
        ("trace.json", ("request", "steps"), 10**400),
        ("trace.json", ("records", "accelerated", 0, "distance"), 10**30),
        ("trace.json", ("records", "accelerated", 0), None),
        ("trace.json", ("records",), 7),
        ("trace.json", ("request",), None),
        ("trace.json", ("request", "method"), {"name": "adacache", "codebook": {"1": 10**400}}),
        ("trace.json", ("request", "method"), {"name": "pab", "mlp": {"timesteps": [10**30], "blocks": [True]}}),
        ("summary.json", ("quality",), {"psnr": 10**400}),
        ("summary.json", ("peak_cache_bytes",), 10**30),
        ("summary.json", ("ignored",), ["\udfff"]),
        ("summary.json", ("ignored",), ["x" * 10_000]),
        ("run.json", ("made",), 10**30),
    ],
)
def test_a_damaged_run_is_listed_as_damaged_and_the_others_as_ever(
    store: RunStore, made: Path, file: str, keys: tuple[str | int, ...], value: object
) -> None:
    whole, broken = keep(store, made), keep(store, made)
    change(broken.folder / file, *keys, to=value)
    again = Answers(RunStore(store.folder), {})
    answer = again.listing({"visitor": ""})
    assert [run["id"] for run in answer["runs"]] == [whole.id]
    assert [run["id"] for run in answer["damaged"]] == [broken.id]
    reason = answer["damaged"][0]["reason"]
    assert len(reason) <= 300
    assert "\n" not in reason
    orjson.dumps(answer)  # as the server writes it
    with pytest.raises(ValueError, match="this run is damaged: "):
        again.store.get(broken.id)
    again.deleted({"id": broken.id})
    assert again.listing({})["damaged"] == []
    again.restored({"id": broken.id})
    assert len(again.listing({})["damaged"]) == 1


def test_a_damaged_run_is_shown_to_its_visitor_only(store: RunStore, made: Path) -> None:
    store.public = True
    run = keep(store, made, visitor=ADA)
    (run.folder / "trace.json").write_text("{")
    assert [found.id for found in RunStore(store.folder, public=True).damaged(ADA)] == [run.id]
    assert RunStore(store.folder, public=True).damaged(BOB) == []


def test_a_run_of_an_older_version_is_read(run: Run) -> None:
    path = run.folder / "summary.json"
    old = {
        k: v for k, v in run.summary.items() if k not in ("settings", "understood", "ignored", "baseline_measured")
    }
    path.write_text(json.dumps({**old, "more": "<b>"}))
    (again,) = RunStore(run.folder.parent).runs()
    assert again.summary == {**run.summary, "understood": [], "ignored": []}


def test_the_psnr_of_a_summary_before_the_metrics_is_read(run: Run) -> None:
    quality = run.summary["quality"]
    old = {key: value for key, value in run.summary.items() if key != "quality"}
    path = run.folder / "summary.json"
    path.write_text(json.dumps({**old, "psnr_db": quality["psnr"]}))
    (again,) = RunStore(run.folder.parent).runs()
    assert again.summary == {**run.summary, "quality": {"psnr": quality["psnr"]}}
    path.write_text(json.dumps({**old, "psnr_db": None}))
    assert RunStore(run.folder.parent).runs() == []


@pytest.mark.parametrize("name", ["..", ".", "", "../made", "/etc", "a/b", "a\0b", "x" * 81, "ä", None, 7, ["a"]])
def test_no_id_leads_out_of_the_folder(run: Run, store: RunStore, name: object) -> None:
    for act in (store.get, store.delete, store.restore):
        with pytest.raises(ValueError, match="no longer"):
            act(name)
    assert store.runs() == [run]


def test_deleting_can_be_undone_for_an_hour(run: Run, store: RunStore) -> None:
    store.delete(run.id)
    assert store.runs() == []
    assert store.restore(run.id) == run
    store.delete(run.id)
    deleted = store.folder / f".deleted-{run.id}"
    os.utime(deleted, (time.time() - 3700,) * 2)
    store.tidy()
    with pytest.raises(ValueError, match="can no longer be restored"):
        store.restore(run.id)
    assert list(store.folder.iterdir()) == []


def test_on_a_shared_server_everyone_sees_their_own(store: RunStore, made: Path) -> None:
    store.public = True
    run = keep(store, made, visitor=ADA)
    assert store.runs(ADA) == [run]
    assert store.baseline(REQUEST, ADA) is not None
    for other in (BOB, ""):
        assert store.runs(other) == []
        assert store.baseline(REQUEST, other) is None
        for act in (store.get, store.delete):
            with pytest.raises(ValueError, match="no longer there"):
                act(run.id, other)
    store.delete(run.id, ADA)
    with pytest.raises(ValueError, match="can no longer"):
        store.restore(run.id, BOB)


def test_only_a_shared_server_makes_room(store: RunStore, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "PUBLIC_RUNS", 2)
    runs = [keep(store, made, visitor=ADA, made=MADE + timedelta(days=day)) for day in range(3)]
    assert len(store.runs()) == 3
    store.public = True
    store.tidy()
    assert store.runs(ADA) == runs[:0:-1]


def test_a_run_as_table_and_picture(run: Run) -> None:
    heading, *rows = steps_csv(run.trace).splitlines()
    assert heading.startswith("side,step,timestep,computed,seconds,distance")
    assert len(rows) == 12
    assert plots_png(run).startswith(b"\x89PNG")


def test_comparing_names_only_what_differs() -> None:
    other = replace(REQUEST, seed=7, method=AdaCacheConfig(SLOW))
    assert differing_settings([REQUEST, other, REQUEST]) == [
        ("seed", "0", "7", "0"),
        ("codebook", "0.08: 6, 0.16: 3, 1: 1", "0.08: 2, 1: 1", "0.08: 6, 0.16: 3, 1: 1"),
    ]
    assert differing_settings([REQUEST, REQUEST]) == []


def test_settings_that_differ_have_the_words_of_the_studio() -> None:
    assert isinstance(REQUEST.method, AdaCacheConfig)
    on = replace(REQUEST.method, motion=MotionRegularisation(), locations=(1, 2))
    stronger = replace(on, motion=MotionRegularisation(power=2))
    off = replace(on, motion=None, locations="mid")
    asked = [replace(REQUEST, method=method) for method in (off, on, stronger)]
    assert differing_settings(asked[:2]) == [
        ("probe location", "mid", "1, 2"),
        ("motion regularisation", "off", "on"),
    ]
    assert differing_settings(asked[1:]) == [("motion power", "8", "2")]
