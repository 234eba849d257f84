"""Images of runs: found by id, kept with their run, exported and imported, and missing in words."""

import os
import time
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import pytest

from app.generation.events import Compared
from app.generation.images import write_picture
from app.generation.pair import generate_pair
from app.generation.request import Request
from app.jobs.runner import JobRunner
from app.runs.archive import export_zip, import_zip
from app.runs.difference import differing_settings
from app.runs.images import KEPT_SECONDS, ImagePool
from app.runs.run import Run
from app.runs.store import RunStore, about_now
from tests.runs.conftest import REQUEST
from tests.support.illustrated import IllustratedModel, gradient

IMAGE, OTHER = gradient(), gradient(turned=True)
ASKED = replace(REQUEST, model="illustrated", image=IMAGE.id)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that started from an image, in a folder of runs."""
    store = RunStore(tmp_path_factory.mktemp("illustrated") / "runs")
    making = store.begin("0" * 16)
    images = {IMAGE.id: IMAGE}
    *_, last = generate_pair(ASKED, making, load=lambda _: IllustratedModel(), images=images)
    assert isinstance(last, Compared), last
    store.keep(making, about_now())
    return store.folder


@pytest.fixture
def kept(folder: Path) -> Run:
    (run,) = RunStore(folder).runs()
    return run


def zip_with(path: Path, source: Path, **files: bytes | None) -> Path:
    """The zip with some of its files replaced, added or, where they are none, left out; __ stands for the dot."""
    changed = {name.replace("__", "."): data for name, data in files.items()}
    with ZipFile(source) as old, ZipFile(path, "w") as new:
        for name in {*old.namelist(), *changed}:
            if (data := changed[name] if name in changed else old.read(name)) is not None:
                new.writestr(name, data)
    return path


def test_an_image_is_found_by_its_id_as_given_and_as_kept(folder: Path, kept: Run) -> None:
    store = RunStore(folder)
    assert store.images(REQUEST) == {}
    found = store.image(IMAGE.id)  # with its run alone
    assert found is not None
    assert found.id == IMAGE.id
    assert set(store.images(ASKED)) == {IMAGE.id}
    assert store.image(OTHER.id) is None
    store.pool.add(OTHER)
    assert set(store.images(replace(ASKED, last_image=OTHER.id))) == {IMAGE.id, OTHER.id}
    assert store.runs() == [kept]
    with pytest.raises(ValueError, match=r"^the image of the last frame is not here; give it again$"):
        store.images(replace(ASKED, last_image="0" * 64))


def test_an_image_waits_for_a_day_and_gives_way_on_a_public_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = ImagePool(tmp_path / "pool", public=True)
    for age, image in ((KEPT_SECONDS + 9, IMAGE), (9.0, OTHER)):
        path = tmp_path / "pool" / f"{pool.add(image)}.png"
        os.utime(path, (time.time() - age,) * 2)
    pool.tidy()
    assert (pool.get(IMAGE.id), pool.get(OTHER.id) is None) == (None, False)
    monkeypatch.setattr("app.runs.images.PUBLIC_BYTES", len(IMAGE.png()))
    pool.add(IMAGE)
    assert (pool.get(IMAGE.id) is None, pool.get(OTHER.id)) == (False, None)
    (tmp_path / "pool" / f"{IMAGE.id}.png").write_bytes(OTHER.png())
    assert pool.get(IMAGE.id) is None


def test_an_export_brings_the_image_and_one_without_it_is_taken_all_the_same(kept: Run, tmp_path: Path) -> None:
    whole, bare = tmp_path / "run.zip", tmp_path / "bare.zip"
    export_zip(kept, whole)
    assert "first_frame.png" in ZipFile(whole).namelist()
    here = RunStore(tmp_path / "here")
    assert import_zip(here, whole).request == ASKED
    assert here.image(IMAGE.id) is not None
    there = RunStore(tmp_path / "there")
    assert import_zip(there, zip_with(bare, whole, first_frame__png=None)).request == ASKED
    with pytest.raises(ValueError, match="the image of the first frame is not here"):
        there.images(ASKED)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"first_frame__png": OTHER.png()}, "first_frame.png is not the image that this run started from"),
        ({"first_frame__png": b"x"}, "first_frame.png is not the image"),
        ({"last_frame__png": IMAGE.png()}, "last_frame.png is not the image"),
        ({"baseline__png": IMAGE.png()}, "baseline.png is for a run of one frame, and this is a video"),
    ],
)
def test_images_that_are_not_the_runs_are_refused(
    kept: Run, tmp_path: Path, files: dict[str, bytes], said: str
) -> None:
    export_zip(kept, tmp_path / "run.zip")
    store = RunStore(tmp_path / "runs")
    with pytest.raises(ValueError, match=said):
        import_zip(store, zip_with(tmp_path / "other.zip", tmp_path / "run.zip", **files))
    assert store.runs() == []


def test_only_a_run_of_one_frame_has_a_picture(kept: Run, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="only a run of one frame has a picture that can be a first frame"):
        kept.picture("baseline")
    write_picture(tmp_path / "baseline.png", IMAGE.pixels)
    assert replace(kept, folder=tmp_path).picture("baseline").id == IMAGE.id


def test_a_run_whose_image_is_not_here_is_refused_when_it_is_asked_for(tmp_path: Path) -> None:
    store = RunStore(tmp_path / "runs")
    runner = JobRunner(store, lambda _: IllustratedModel())
    with pytest.raises(ValueError, match=r"^the image of the first frame is not here; give it again$"):
        runner.submit("", ASKED)
    store.pool.add(IMAGE)
    for _ in runner.events(ticket := runner.submit("", ASKED)):
        pass
    assert ticket.state == "done", ticket.reason
    (made,) = store.runs()
    assert (made.folder / "first_frame.png").is_file()


def test_compared_runs_tell_images_apart() -> None:
    rows = differing_settings([REQUEST, Request(**{**vars(REQUEST), "image": OTHER.id})])
    assert rows == [("image", "none", OTHER.id[:8])]
