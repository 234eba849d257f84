"""Export and import: what comes back is what left, and nothing hostile leaves a trace."""

import json
import stat
import struct
from collections.abc import Callable
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import numpy as np
import pytest

from app.generation.kept_baseline import RECORDING
from app.generation.video import write_mp4
from app.lab.record import record
from app.runs import archive
from app.runs.archive import export_zip, import_zip
from app.runs.run import Run
from app.runs.store import RunStore
from tests.support.tiny import TinyVideoModel

Files = dict[str, bytes]


@pytest.fixture
def exported(run: Run, tmp_path: Path) -> Path:
    path = tmp_path / "run.zip"
    export_zip(run, path)
    return path


@pytest.fixture
def other(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "other")


def files_of(path: Path) -> Files:
    with ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def zipped(path: Path, files: Files) -> Path:
    with ZipFile(path, "w", ZIP_DEFLATED) as file:
        for name, data in files.items():
            file.writestr(name, data)
    return path


def refused(store: RunStore, path: Path, said: str) -> None:
    with pytest.raises(ValueError, match=r"(?s).+") as error:
        import_zip(store, path)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert not store.folder.exists() or list(store.folder.iterdir()) == []


def test_the_recording_travels_with_its_run_and_no_other_does(run: Run, other: RunStore, tmp_path: Path) -> None:
    steps = run.request.steps
    record(TinyVideoModel(), "a test", seed=0, steps=steps, guidance=7.0).save(run.folder / RECORDING)
    export_zip(run, tmp_path / "run.zip")
    files = files_of(tmp_path / "run.zip")
    record(TinyVideoModel(), "a test", seed=0, steps=steps + 1, guidance=7.0).save(tmp_path / RECORDING)
    odd = zipped(tmp_path / "odd.zip", {**files, RECORDING: (tmp_path / RECORDING).read_bytes()})
    refused(other, odd, f"a recording of {steps + 1} steps is not of this run's {steps}")
    back = import_zip(other, tmp_path / "run.zip")
    assert (back.folder / RECORDING).read_bytes() == (run.folder / RECORDING).read_bytes()


def test_what_comes_back_is_what_left(run: Run, exported: Path, other: RunStore) -> None:
    assert set(files_of(exported)) == {
        *("baseline.mp4", "accelerated.mp4", "trace.json", "summary.json", "run.json", "steps.csv", "plots.png")
    }
    assert "visitor" not in json.loads(files_of(exported)["run.json"])
    back = import_zip(other, exported)
    assert (back.trace, back.summary, back.about.made) == (run.trace, run.summary, run.about.made)
    assert back.about.imported
    assert back.video("accelerated").read_bytes() == run.video("accelerated").read_bytes()
    assert other.baseline(run.request) is None  # nobody vouches for a stranger's latents
    assert import_zip(other, exported) == back
    assert other.runs() == [back]


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (lambda f: {**f, "../evil.txt": b"x"}, "'../evil.txt', which is no part of a run"),
        (lambda f: {**f, "/tmp/evil.txt": b"x"}, "which is no part of a run"),
        (lambda f: {**f, "a\\..\\evil.txt": b"x"}, "which is no part of a run"),
        (lambda f: {**f, "baseline.safetensors": b"x"}, "which is no part of a run"),
        (lambda f: {**f, **{f"{i}.txt": b"" for i in range(20)}}, "27 files, a run has at most 16"),
        (lambda f: {n: d for n, d in f.items() if n != "summary.json"}, "the zip lacks summary.json"),
        (lambda f: {**f, "trace.json": b" " * 9_000_000}, "would unpack to 9000000 bytes"),
        (lambda f: {**f, "trace.json": b"[" * 100_000}, "nested too deeply"),
        (lambda f: {**f, "trace.json": b"[1, 2]"}, "must be a JSON object"),
        (lambda f: {**f, "trace.json": f["trace.json"].replace(b'"schema": 1', b'"schema": 9')}, "schema 1"),
        (
            lambda f: {**f, "trace.json": f["trace.json"].replace(b'"seconds": 0', b'"seconds": NaN, "x": 0')},
            "NaN",
        ),
        (lambda f: {**f, "trace.json": f["trace.json"].replace(b'"seconds": 0.', b'"seconds": 1e999')}, "1e999"),
        (lambda f: {**f, "summary.json": b"{}"}, "is not what its trace tells"),
        (lambda f: {**f, "baseline.mp4": b"#EXTM3U\nfile:///etc/passwd\n"}, "baseline.mp4 cannot be decoded"),
        (lambda f: {**f, "baseline.mp4": f["baseline.mp4"][:2000]}, "baseline.mp4 "),
        (lambda f: {**f, "accelerated.mp4": b""}, "accelerated.mp4 cannot be decoded"),
        (lambda f: {**f, "run.json": b'{"schema": 1, "made": "2999-01-01T00:00:00+00:00"}'}, "is to come"),
    ],
)
def test_a_hostile_zip_is_refused_whole(
    break_it: Callable[[Files], Files], said: str, exported: Path, other: RunStore, tmp_path: Path
) -> None:
    refused(other, zipped(tmp_path / "hostile.zip", break_it(files_of(exported))), said)
    assert not list(tmp_path.rglob("evil*"))


def test_a_link_is_refused(exported: Path, other: RunStore, tmp_path: Path) -> None:
    files = files_of(exported)
    path = zipped(tmp_path / "link.zip", {n: d for n, d in files.items() if n != "trace.json"})
    link = ZipInfo("trace.json")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with ZipFile(path, "a") as file:
        file.writestr(link, "/etc/passwd")
    refused(other, path, "trace.json is not a plain file")


def test_a_name_twice_is_refused(exported: Path, other: RunStore) -> None:
    with pytest.warns(UserWarning, match="Duplicate"), ZipFile(exported, "a") as file:
        file.writestr("trace.json", "{}")
    refused(other, exported, "trace.json twice")


def test_a_bomb_that_lies_about_its_size_does_not_unpack(
    exported: Path, other: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(archive.READ, "trace.json", 1_000_000)
    path = zipped(tmp_path / "bomb.zip", {**files_of(exported), "trace.json": b" " * 50_000_000})
    data = path.read_bytes()
    lie, truth = struct.pack("<I", 1000), struct.pack("<I", 50_000_000)
    path.write_bytes(data.replace(truth, lie))
    assert path.stat().st_size < 400_000
    refused(other, path, "")
    assert max((p.stat().st_size for p in tmp_path.rglob("*") if p.is_file()), default=0) < 2_000_000


@pytest.mark.parametrize("data", [b"", b"PK", b"not a zip", bytes(1000)])
def test_what_is_no_zip_is_refused(data: bytes, other: RunStore, tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(data)
    refused(other, path, "not a whole zip file")


def test_a_damaged_zip_is_refused(exported: Path, other: RunStore) -> None:
    data = bytearray(exported.read_bytes())
    start = data.index(b"trace.json") + 200
    data[start : start + 50] = bytes(50)
    exported.write_bytes(data)
    refused(other, exported, "not a whole zip file")


def test_a_zip_that_is_too_large_is_not_opened(
    exported: Path, other: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MAX_ZIP_BYTES", 1000)
    refused(other, exported, "the zip is larger than")


def test_a_video_of_another_size_is_refused(exported: Path, other: RunStore, tmp_path: Path) -> None:
    write_mp4(tmp_path / "small.mp4", np.zeros((3, 256, 256, 3), np.uint8), 8)
    files = {**files_of(exported), "baseline.mp4": (tmp_path / "small.mp4").read_bytes()}
    refused(other, zipped(tmp_path / "sizes.zip", files), "different sizes")


@pytest.mark.parametrize("folder", ["", "my run/", "adacache-run-1/"])
def test_a_zip_packed_again_by_an_operating_system_is_read(
    run: Run, exported: Path, other: RunStore, tmp_path: Path, folder: str
) -> None:
    files = {f"{folder}{name}": data for name, data in files_of(exported).items()}
    left = {f"{folder}.DS_Store": b"x", f"{folder}Thumbs.db": b"x", "__MACOSX/._run": b"x"}
    left |= {f"__MACOSX/{folder}._{name}": b"x" for name in files_of(exported)}
    left |= {folder: b""} if folder else {}
    assert import_zip(other, zipped(tmp_path / "again.zip", {**left, **files})).trace == run.trace


@pytest.mark.parametrize("name", ["a/b/trace.json", "../trace.json", "./trace.json", "other/trace.json"])
def test_only_one_folder_is_looked_through(exported: Path, other: RunStore, tmp_path: Path, name: str) -> None:
    files = files_of(exported)
    data = files.pop("trace.json")
    refused(other, zipped(tmp_path / "odd.zip", {**files, name: data}), "which is no part of a run")
