"""The user study: its file, the balance of its order, answers under many participants, and its arithmetic."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from threading import Thread
from typing import Any

import pytest

from app.__main__ import main
from app.caching.codebook import Codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.evaluation.user_study.answers import Answer, AnswerStore
from app.evaluation.user_study.create import create_study
from app.evaluation.user_study.order import order_for
from app.evaluation.user_study.results import Share, answers_csv, results_of, sign_test
from app.evaluation.user_study.study import CHECK, Question, Study, Variant, read_study, read_video
from app.generation.events import Compared, Event, Failed
from app.generation.pair import generate_pair
from app.generation.request import Request
from app.runs.run import Run
from app.runs.store import RunStore, about_now
from tests.support.tiny import TinyVideoModel

MODEL = TinyVideoModel()


def question(number: int, one: str = "adacache", other: str = "pab") -> Question:
    return Question(f"prompt {number}", 0, "b.mp4", Variant(one, "1.mp4", 2.0), Variant(other, "2.mp4", 1.9))


STUDY = Study("tiny", "Which?", "sprites", "a test", (*map(question, range(4)), question(4, "baseline", CHECK)))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunStore, list[Run]]:
    store = RunStore(tmp_path_factory.mktemp("runs"))
    made = []
    for rates in ((6, 3, 1), (2, 2, 1)):
        request = Request("tiny", "a test", AdaCacheConfig(Codebook((0.08, 0.16, 1.0), rates)), steps=6)
        making = store.begin(request.key())
        *_, last = generate_pair(request, making, load=lambda _: MODEL)
        assert isinstance(last, Compared)
        made.append(store.keep(making, about_now("")))
    return store, made


def test_a_study_of_two_runs_reads_back(runs: tuple[RunStore, list[Run]], tmp_path: Path) -> None:
    path = tmp_path / "two.study.zip"
    study = create_study(path, runs[1], "Two methods", "a test")
    assert read_study(path) == study
    assert study.id == "two"
    real, check = study.questions
    assert {real.one.method, real.other.method} == {"adacache-6-3-1", "adacache-2-2-1"}
    assert check.is_check
    assert not real.is_check
    good = check.other if check.one.method == CHECK else check.one
    assert read_video(path, good.video) == read_video(path, real.baseline)
    spoilt = check.one if check.one.method == CHECK else check.other
    assert read_video(path, spoilt.video) != read_video(path, real.baseline)


def test_one_run_is_no_study(runs: tuple[RunStore, list[Run]], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="differ in nothing but their method"):
        create_study(tmp_path / "one.zip", runs[1][:1], "", "")
    assert not list(tmp_path.iterdir())


def test_the_command_makes_and_reads_a_study(
    runs: tuple[RunStore, list[Run]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "made.zip"
    assert main(["study", "create", "--runs", str(runs[0].folder), "--out", str(path)]) == 0
    assert "1 questions and 1 attention checks" in capsys.readouterr().out
    assert main(["study", "results", str(path), "--answers", str(tmp_path / "none.sqlite")]) == 0
    assert "0 participants" in capsys.readouterr().out
    assert main(["study", "create", "--out", str(path)]) == 2
    assert "--runs FOLDER or --pair" in capsys.readouterr().err


def test_a_study_that_was_interrupted_is_gone_on_with(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (prompts := tmp_path / "prompts.txt").write_text("one\nanother\n")
    made: list[str] = []

    def pair(request: Request, folder: Path, **_: Any) -> Iterator[Event]:
        made.append(request.prompt)
        if len(made) == 3:
            yield Failed("no space left")
            return
        yield from generate_pair(request, folder, load=lambda _: MODEL)

    monkeypatch.setattr("app.commands.study.generate_pair", pair)
    asked = ["--prompts", str(prompts), "--pair", "even-10:even-15", "--out", str(tmp_path / "made.zip")]
    assert main(["study", "create", *asked]) == 2
    assert "another: no space left" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made-runs", "prompts.txt"]
    assert main(["study", "create", *asked]) == 0
    assert made == ["one", "one", "another", "another", "another"]  # the failed one, and what had not begun
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made.zip", "prompts.txt"]
    assert [question.prompt for question in read_study(tmp_path / "made.zip").questions][:2] == ["one", "another"]


def test_what_is_no_study_is_said_before_anything_is_generated(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("app.commands.study.generate_pair", lambda *_, **__: pytest.fail("generated"))
    (prompts := tmp_path / "prompts.txt").write_text("\n".join(f"a dog {number}" for number in range(180)))
    asked = ["study", "create", "--prompts", str(prompts), "--pair", "even-10:even-15"]
    for more, said in (
        (["--out", str(tmp_path / "MyStudy.zip")], "a study's id is lower-case letters, digits and hyphens"),
        (["--out", str(tmp_path / "mine.zip")], "a study has 1 to 200 questions, got 203"),
    ):
        assert main([*asked, *more]) == 2
        assert said in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["prompts.txt"]


def test_a_video_that_no_room_would_open_is_refused(
    runs: tuple[RunStore, list[Run]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("app.evaluation.user_study.study.MAX_VIDEO_BYTES", 100)
    with pytest.raises(ValueError, match=r"001-baseline.mp4 has \d+ bytes; at most 100 are accepted"):
        create_study(tmp_path / "large.zip", runs[1], "", "")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (b"no zip", "not a whole study file"),
        (None, "lacks the video"),
    ],
)
def test_a_damaged_file_is_refused_in_one_line(
    runs: tuple[RunStore, list[Run]], tmp_path: Path, damage: bytes | None, said: str
) -> None:
    from zipfile import ZipFile

    path = tmp_path / "x.zip"
    create_study(path, runs[1], "", "")
    if damage is not None:
        path.write_bytes(damage)
    else:
        with ZipFile(path) as file:
            description = file.read("study.json")
        with ZipFile(path, "w") as file:
            file.writestr("study.json", description)
    with pytest.raises(ValueError, match=said):
        read_study(path)


@pytest.mark.parametrize("questions", [1, 2, 5, 12, 27])
def test_the_order_is_balanced(questions: int) -> None:
    orders = [order_for(questions, participant) for participant in range(questions)]
    for order in orders:
        assert sorted(asked.question for asked in order) == list(range(questions))
    for place in range(questions):  # every question once in every place
        assert sorted(order[place].question for order in orders) == list(range(questions))
    two = Counter((a.question, a.swapped) for participant in (0, 1) for a in order_for(questions, participant))
    assert set(two.values()) == {1}  # either variant once on the left


def test_answers_survive_and_can_be_changed(tmp_path: Path) -> None:
    store = AnswerStore(tmp_path / "answers.sqlite")
    me = store.join("tiny")
    store.add(me, Answer(0, "one", True, False, 3.5))
    store.add(me, Answer(0, "tie", True, True, 4.0))
    again = AnswerStore(tmp_path / "answers.sqlite")
    assert again.participant(me.token) == me
    assert again.answers_of(me) == {0: Answer(0, "tie", True, True, 4.0)}
    for token in ("", "0" * 32, "'; DROP TABLE answers; --", None):
        with pytest.raises(ValueError, match="does not belong to anybody"):
            again.participant(token)


def test_twenty_participants_at_once_lose_nothing(tmp_path: Path) -> None:
    store = AnswerStore(tmp_path / "answers.sqlite")
    errors: list[BaseException] = []

    def take_part() -> None:
        try:
            me = store.join("tiny")
            for number in range(5):
                store.add(me, Answer(number, "one", False, False, 1.0))
        except BaseException as error:
            errors.append(error)

    threads = [Thread(target=take_part) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    given = store.answers("tiny")
    assert len(given) == 20
    assert all(len(answers) == 5 for answers in given.values())
    numbers = sorted(store.participant(token).number for token in given)
    assert numbers == list(range(20))  # each its own place in the balanced order


def test_results_leave_out_whoever_does_not_look() -> None:
    def answers(choices: str, check: str) -> list[Answer]:
        names = {"1": "one", "2": "other", "=": "tie"}
        given = [Answer(i, names[c], c == "1", False, 1.0) for i, c in enumerate(choices)]  # type: ignore[arg-type]
        return [*given, Answer(4, names[check], False, False, 1.0)]  # type: ignore[arg-type]

    # The check's first variant is the baseline: "1" is right, a tie or "2" is not.
    results = results_of(
        STUDY, {"a": answers("111=", "1"), "b": answers("2222", "2"), "c": answers("12==", "1"), "d": []}
    )
    assert (results.participants, results.left_out) == (2, 1)
    (pair,) = results.pairs
    assert (pair.prefers_one.count, pair.tie.count, pair.prefers_other.count) == (4, 3, 1)
    assert pair.one_like_baseline == Share(4, 8)
    assert pair.p_value == pytest.approx(2 * (1 + 5) / 2**5)  # at most 1 of 5


def test_intervals_and_the_sign_test_by_hand() -> None:
    assert Share(0, 0).interval == (0.0, 1.0)
    low, high = Share(70, 100).interval  # published Wilson interval of 70 of 100
    assert (low, high) == (pytest.approx(0.6042, abs=1e-4), pytest.approx(0.7811, abs=1e-4))
    assert sign_test(5, 5) == 1.0
    assert sign_test(0, 6) == pytest.approx(2 / 64)
    assert sign_test(0, 0) == 1.0


def test_rows_name_methods_and_no_link(tmp_path: Path) -> None:
    store = AnswerStore(tmp_path / "answers.sqlite")
    me = store.join("tiny")
    store.add(me, Answer(0, "other", False, True, 2.5))
    table = answers_csv(STUDY, store.answers("tiny"))
    assert table.splitlines()[1] == "0,prompt 0,0,adacache,pab,other,False,True,2.5,False"
    assert me.token not in table


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": "../up"}, "lower-case letters"),
        ({"questions": ()}, "1 to 200 questions"),
    ],
)
def test_a_study_checks_itself(change: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        replace(STUDY, **change)  # type: ignore[arg-type]


def test_a_copied_folder_is_the_same_study(runs: tuple[RunStore, list[Run]], tmp_path: Path) -> None:
    copytree(runs[0].folder, tmp_path / "copy")
    one = create_study(tmp_path / "a.zip", runs[1], "", "")
    other = create_study(tmp_path / "b.zip", RunStore(tmp_path / "copy").runs(), "", "")
    assert replace(other, id="a") == one
