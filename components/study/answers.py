"""What the server answers to the scripts of the Study room.

Participants see videos and sides, never methods; the side a variant stood on is turned back here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.evaluation.user_study.answers import Answer, AnswerStore, Choice, Participant
from app.evaluation.user_study.create import create_study
from app.evaluation.user_study.order import Asked, order_for
from app.evaluation.user_study.results import PairResult, Share, answers_csv, results_of
from app.evaluation.user_study.study import STUDY_ID, Study, read_study, read_video
from app.runs.store import RunStore, about_now
from components.shared.visitors import asker_of
from components.shared.web import served

MAX_RUNS = 120  # of a visitor that a study is made of
MAX_STUDIES = 50  # that visitors have made


@dataclass(frozen=True)
class Answers:
    """Answers questions over the studies that ship and those made here; a ValueError is the answer in words."""

    shipped: Path
    own: Path
    runs: RunStore

    @property
    def store(self) -> AnswerStore:
        """Where what participants answer is kept."""
        return AnswerStore(self.own / "answers.sqlite")

    def studies(self, asked: object) -> dict[str, Any]:
        """Every study with how many have taken part."""
        listed = []
        for path, study in self._all():
            answers = self.store.answers(study.id)
            listed.append(
                {
                    "id": study.id,
                    "title": study.title,
                    "model": study.model,
                    "questions": len(study.questions),
                    "participants": sum(bool(given) for given in answers.values()),
                    "shipped": path.parent == self.shipped,
                }
            )
        return {"studies": listed}

    def joined(self, asked: object) -> dict[str, Any]:
        """A new participant, by the link to go on with."""
        study, _ = self._study(_field(asked, "study"))
        return {"token": self.store.join(study.id).token}

    def question(self, asked: object) -> dict[str, Any]:
        """The first question without an answer, or the one at `place`; none once all are answered."""
        participant = self.store.participant(_field(asked, "token"))
        study, path = self._study(participant.study)
        order = order_for(len(study.questions), participant.number)
        given = self.store.answers_of(participant)
        place = asked.get("place") if isinstance(asked, dict) else None
        if place is None:
            place = next((i for i, entry in enumerate(order) if entry.question not in given), len(order))
        if isinstance(place, bool) or not isinstance(place, int) or not 0 <= place <= len(order):
            raise ValueError(f"a study of {len(order)} questions has no question {str(place)[:20]}")
        told = {"title": study.title, "of": len(order), "answered": len(given), "place": place}
        if place == len(order):
            return {**told, "done": True}
        entry = order[place]
        question = study.questions[entry.question]
        left, right = (question.other, question.one) if entry.swapped else (question.one, question.other)
        videos = (question.baseline, left.video, right.video)
        return {
            **told,
            "done": False,
            "prompt": question.prompt,
            "videos": [_served(path, name) for name in videos],
            "given": _by_side(given[entry.question], entry) if entry.question in given else None,
        }

    def answer(self, asked: object) -> dict[str, Any]:
        """Keep one answer; what was chosen by side is kept by variant."""
        participant = self.store.participant(_field(asked, "token"))
        study, _ = self._study(participant.study)
        place = _field(asked, "place")
        if isinstance(place, bool) or not isinstance(place, int) or not 0 <= place < len(study.questions):
            raise ValueError(f"this study has {len(study.questions)} questions, got place {str(place)[:20]}")
        entry = order_for(len(study.questions), participant.number)[place]
        self.store.add(participant, _by_variant(asked, entry))
        return self._progress(participant, study)

    def results(self, asked: object) -> dict[str, Any]:
        """Preference shares by pair of methods, and every answer as a table to download."""
        study, _ = self._study(_field(asked, "study"))
        answers = self.store.answers(study.id)
        found = results_of(study, answers)
        return {
            "title": study.title,
            "participants": found.participants,
            "left_out": found.left_out,
            "pairs": [_pair(pair) for pair in found.pairs],
            "csv": answers_csv(study, answers),
        }

    def created(self, asked: object) -> dict[str, Any]:
        """A study of all this visitor's runs that differ in their method only."""
        title = _field(asked, "title")
        if not isinstance(title, str) or not 0 < len(title.strip()) <= 200:
            raise ValueError("a study needs a title of 1 to 200 characters")
        if self.own.is_dir() and len(list(self.own.glob("*.zip"))) >= MAX_STUDIES:
            raise ValueError(f"there are {MAX_STUDIES} studies here already; remove one from runs/studies first")
        runs = self.runs.runs(asker_of(asked))
        if not runs:
            raise ValueError("there are no runs yet; generate the same prompt and seed with two methods first")
        name = f"study-{about_now('').made:%Y%m%d-%H%M%S-%f}"
        study = create_study(self.own / f"{name}.zip", runs[:MAX_RUNS], title.strip(), "the Study room")
        return {"study": study.id}

    def _progress(self, participant: Participant, study: Study) -> dict[str, Any]:
        return {"answered": len(self.store.answers_of(participant)), "of": len(study.questions)}

    def _study(self, study_id: object) -> tuple[Study, Path]:
        if isinstance(study_id, str) and STUDY_ID.fullmatch(study_id):
            for folder in (self.shipped, self.own):
                if (path := folder / f"{study_id}.zip").is_file():
                    return read_study(path), path
        raise ValueError("this study is not here")

    def _all(self) -> Iterator[tuple[Path, Study]]:
        for folder in (self.shipped, self.own):
            for path in sorted(folder.glob("*.zip")) if folder.is_dir() else []:
                try:
                    yield path, read_study(path)
                except ValueError:
                    continue  # opening it by its link says what is wrong


def _by_variant(asked: object, entry: Asked) -> Answer:
    sides: dict[object, Choice] = {"left": "one", "right": "other", "tie": "tie"}
    if entry.swapped:
        sides = {"left": "other", "right": "one", "tie": "tie"}
    side = _field(asked, "choice")
    if not isinstance(side, str) or side not in sides:
        raise ValueError("a choice is left, right or tie")
    like = [_field(asked, name) for name in ("left_like_baseline", "right_like_baseline")]
    one, other = reversed(like) if entry.swapped else like
    return Answer(entry.question, sides[side], one, other, _field(asked, "seconds"))


def _by_side(answer: Answer, entry: Asked) -> dict[str, Any]:
    left, right = ("other", "one") if entry.swapped else ("one", "other")
    like = {"one": answer.one_like_baseline, "other": answer.other_like_baseline}
    choice = "tie" if answer.choice == "tie" else "left" if answer.choice == left else "right"
    return {"choice": choice, "left_like_baseline": like[left], "right_like_baseline": like[right]}


def _pair(pair: PairResult) -> dict[str, Any]:
    shares = {
        name: _share(getattr(pair, name))
        for name in ("prefers_one", "tie", "prefers_other", "one_like_baseline", "other_like_baseline")
    }
    return {"one": pair.one, "other": pair.other, "p_value": pair.p_value, **shares}


def _share(share: Share) -> dict[str, Any]:
    return {"count": share.count, "of": share.of, "share": share.share, "interval": share.interval}


def _served(path: Path, name: str) -> str:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "video.mp4"  # a name that tells no method
        file.write_bytes(read_video(path, name))
        return served(file)


def _field(asked: object, name: str) -> Any:
    if not isinstance(asked, dict) or name not in asked:
        raise ValueError("the page does not fit this server; reload it")
    return asked[name]
