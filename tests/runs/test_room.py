"""Room for runs on a shared server: one's own give way first, and nobody pushes others out by imports."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from app.runs import store as store_module
from app.runs.archive import export_zip, import_zip
from app.runs.room import Held, Share, giving_way
from app.runs.store import RunStore
from tests.runs.conftest import MADE, keep

ADA, BOB = "a" * 32, "b" * 32


def held(visitor: str, *arrived: int, size: int = 10, deleted: bool = False) -> list[Held]:
    return [Held(Path(f"{visitor}{at}"), visitor, at, size, deleted) for at in arrived]


def names(gone: list[Held] | None) -> list[str] | None:
    return None if gone is None else [one.folder.name for one in gone]


@pytest.fixture
def shared(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> RunStore:
    """A shared server with room for 3 runs a visitor and 5 in all."""
    store.public = True
    monkeypatch.setattr(store_module, "VISITOR_RUNS", 3)
    monkeypatch.setattr(store_module, "PUBLIC_RUNS", 5)
    return store


def test_own_runs_give_way_first_and_the_deleted_before_all() -> None:
    own, everybody = Share(2, 1000), Share(100, 1000)
    new = Held(Path("new"), "ada", 0, 10)  # its clock is behind: it stays all the same
    mine, theirs = held("ada", 3, 4), held("bob", 1, 2)
    assert names(giving_way([*mine, *theirs, new], own, everybody, new)) == ["ada3"]
    gone = giving_way([*mine, *held("ada", 5, deleted=True), *theirs, new], own, everybody, new)
    assert names(gone) == ["ada5", "ada3"]


def test_bytes_count_as_runs_do() -> None:
    new = held("ada", 9, size=60)[0]
    assert names(giving_way([*held("ada", 1, 2, size=30), new], Share(9, 100), Share(9, 100), new)) == ["ada1"]


def test_whoever_holds_most_makes_room_for_what_was_generated_but_not_for_imports() -> None:
    own, everybody = Share(9, 1000), Share(4, 1000)
    new = held("ada", 9)[0]
    others = [*held("bob", 1, 2, 3), *held("eve", 0)]
    assert names(giving_way([*others, new], own, everybody, new)) == ["bob1"]
    assert giving_way([*others, new], own, everybody, new, only_own=True) is None
    assert names(giving_way([*others, *held("ada", 8), new], own, everybody, new)) == ["ada8", "bob1"]


def test_many_imports_of_one_visitor_leave_the_others_alone(shared: RunStore, made: Path, tmp_path: Path) -> None:
    mine = keep(shared, made, visitor=ADA)
    path = tmp_path / "run.zip"
    export_zip(mine, path)
    for number in range(8):
        run = keep(RunStore(tmp_path / "elsewhere"), made, made=MADE + timedelta(days=number))
        export_zip(run, path)
        imported = import_zip(shared, path, BOB)
        assert shared.get(imported.id, BOB) == imported
    assert shared.runs(ADA) == [mine]
    assert len(shared.runs(BOB)) == 3


def test_many_visitors_with_imports_leave_the_others_alone(shared: RunStore, made: Path, tmp_path: Path) -> None:
    mine = [keep(shared, made, visitor=ADA) for _ in range(3)]
    path = tmp_path / "run.zip"
    export_zip(mine[0], path)
    for number in range(8):
        visitor = f"{number:032x}"
        if number < 2:
            import_zip(shared, path, visitor)
        else:
            with pytest.raises(ValueError, match="no room for imported runs"):
                import_zip(shared, path, visitor)
        assert len(shared.runs(ADA)) == 3
    assert not list(shared.folder.glob(".making-*"))


def test_a_run_that_claims_to_be_of_tomorrow_does_not_make_the_next_ones_the_oldest(
    shared: RunStore, made: Path
) -> None:
    for _ in range(3):
        keep(shared, made, visitor=ADA, made=MADE + timedelta(days=9000))
    for _ in range(3):
        new = keep(shared, made, visitor=ADA)
        assert new in shared.runs(ADA)
    assert {run.about.made for run in shared.runs(ADA)} == {MADE}


def test_deleted_runs_take_room_too(shared: RunStore, made: Path) -> None:
    for _ in range(6):
        shared.delete(keep(shared, made, visitor=ADA).id, ADA)
    assert len(list(shared.folder.glob(".deleted-*"))) == 3


def test_what_a_dead_server_was_making_is_removed_at_once(store: RunStore) -> None:
    dead = store.folder / ".making-4194999-20260101-000000-000000-x"  # beyond the highest process number
    dead.mkdir(parents=True)
    mine = store.begin("key")
    store.tidy()
    assert not dead.exists()
    assert mine.is_dir()
    assert str(os.getpid()) in mine.name
    store.close()
    assert list(store.folder.iterdir()) == []
