"""Two visitors of a shared page: nothing one does changes, hides or deletes what the other has, or blocks it."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.common.paths import RECORDINGS
from app.runs.archive import export_zip, import_zip
from app.runs.store import RunStore
from components.page import build
from components.shared.cache import KEPT_SECONDS, own_cache, size, sweep
from tests.attack.client import Attacker
from tests.runs.conftest import keep
from tests.support.entry import load_entry
from tests.support.tiny import CARD, TinyVideoModel


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path, Path]]:
    """A page as a Space serves it: its address, its runs and its cache."""
    folder = tmp_path_factory.mktemp("shared")
    with pytest.MonkeyPatch.context() as patch, own_cache(folder / "cache") as cache:
        patch.setenv("SPACE_ID", "a/space")
        page = build(folder / "runs", {"tiny": CARD}, lambda _: TinyVideoModel(), folder / "none", RECORDINGS)
        patch.delenv("SPACE_ID")
        yield load_entry().launch(page, "127.0.0.1", None, wait=False), folder / "runs", cache
        page.close()


@pytest.fixture
def ada(shared: tuple[str, Path, Path]) -> Attacker:
    return Attacker(shared[0])


@pytest.fixture
def bob(shared: tuple[str, Path, Path]) -> Attacker:
    return Attacker(shared[0])


def generate(visitor: Attacker, seed: int = 0) -> None:
    """One run by the page's own button, to its end."""
    number = next(
        id
        for id, event in visitor.events.items()
        if any(target == [visitor.panels["generate"], "click"] for target in event["targets"])
    )
    types = {component["id"]: component for component in visitor.config["components"]}
    data = [types[id]["props"].get("value") for id in visitor.events[number]["inputs"]]
    for place, id in enumerate(visitor.events[number]["inputs"]):
        name = types[id]["props"].get("elem_id")
        data[place] = {"runs-panel": visitor.visitor, "seed": seed, "steps": 4}.get(name, data[place])
    answer = visitor.send(number, data)
    assert not answer.refused, answer.said
    (follow,) = visitor.on("follow")
    assert not visitor.send(follow, [], {"visitor": visitor.visitor}).refused  # to the end of the run


def listed(visitor: Attacker) -> list[str]:
    return [run["id"] for run in visitor.ask("runs-panel", "listing", {"visitor": visitor.visitor}).data["runs"]]


def recorded(visitor: Attacker) -> list[str]:
    shelf = visitor.ask("lab-panel", "opening", {"visitor": visitor.visitor}).data["recordings"]
    return [recording["id"] for recording in shelf if recording["own"]]


def test_everyone_has_their_own_runs_and_recordings(ada: Attacker, bob: Attacker) -> None:
    generate(ada)
    recording = json.loads(sorted(RECORDINGS.glob("*.json"))[0].read_text()) | {"prompt": "a secret"}
    kept = ada.ask("lab-panel", "uploaded", {"text": json.dumps(recording), "visitor": ada.visitor})
    assert not kept.refused, kept.said
    runs, recordings = listed(ada), recorded(ada)
    assert (len(runs), len(recordings)) == (1, 1)
    assert (listed(bob), recorded(bob)) == ([], [])
    for question in ("deleted", "restored", "exported"):
        assert bob.ask("runs-panel", question, {"id": runs[0], "visitor": bob.visitor}).refused
    for question in ("deleted", "restored"):
        assert bob.ask("lab-panel", question, {"id": recordings[0], "visitor": bob.visitor}).refused
    assert bob.ask(
        "lab-panel", "measured", {"ids": recordings, "motion": False, "reuse": "hold", "visitor": bob.visitor}
    ).refused
    assert (listed(ada), recorded(ada)) == (runs, recordings)


def test_imports_of_one_leave_the_runs_of_the_other(
    ada: Attacker, bob: Attacker, shared: tuple[str, Path, Path], made: Path, tmp_path: Path
) -> None:
    generate(ada)
    mine = listed(ada)
    elsewhere = RunStore(tmp_path / "elsewhere")
    export_zip(keep(elsewhere, made), tmp_path / "run.zip")
    for number in range(5):
        visitor = bob.visitor if number else "f" * 32
        import_zip(RunStore(shared[1], public=True), tmp_path / "run.zip", visitor)
    assert listed(ada) == mine
    assert len(listed(bob)) == 1


def test_a_forged_address_blocks_nobody(ada: Attacker, bob: Attacker) -> None:
    for visitor in (ada, bob):
        visitor.http.headers["x-forwarded-for"] = "6.6.6.6"
        generate(visitor, seed=3)
    assert len(listed(ada)) == len(listed(bob)) == 1


def test_the_cache_returns_to_its_size(ada: Attacker, shared: tuple[str, Path, Path]) -> None:
    cache = shared[2]
    sweep(cache, _later())
    assert size(cache) == 0
    for seed in range(3):
        generate(ada, seed)
    for run in listed(ada):
        assert not ada.ask("runs-panel", "exported", {"id": run, "visitor": ada.visitor}).refused
    assert size(cache) > 0
    sweep(cache, _later())
    assert size(cache) == 0
    assert len(listed(ada)) == 3


def _later() -> float:
    return time.time() + KEPT_SECONDS + 1
