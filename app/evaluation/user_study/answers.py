"""AnswerStore: what participants answered, in one SQLite file that is written at once and read by many.

A participant is a random token, which is also the link to go on with. No name, address or browser is kept.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Literal, get_args

from app.common.validation import number

Choice = Literal["one", "other", "tie"]  # of the question's two variants, whatever side they stood on
TOKEN = re.compile(r"[0-9a-f]{32}", re.ASCII)
WAIT_SECONDS = 30.0  # for another participant's write
MAX_SECONDS = 86_400.0
TABLES = """
CREATE TABLE IF NOT EXISTS participants (
    token TEXT PRIMARY KEY, study TEXT NOT NULL, number INTEGER NOT NULL, UNIQUE (study, number)
);
CREATE TABLE IF NOT EXISTS answers (
    token TEXT NOT NULL REFERENCES participants(token), question INTEGER NOT NULL, choice TEXT NOT NULL,
    one_like_baseline INTEGER NOT NULL, other_like_baseline INTEGER NOT NULL, seconds REAL NOT NULL,
    PRIMARY KEY (token, question)
);
"""


@dataclass(frozen=True)
class Participant:
    """Somebody who takes part in one study."""

    token: str
    study: str
    number: int  # in the order of arrival, from 0


@dataclass(frozen=True)
class Answer:
    """One answer to one question, by variant and not by side."""

    question: int
    choice: Choice
    one_like_baseline: bool
    other_like_baseline: bool
    seconds: float  # from the videos' first frame to the answer

    def __post_init__(self) -> None:
        if self.choice not in get_args(Choice):
            raise ValueError(f"a choice is one of {', '.join(get_args(Choice))}, got {str(self.choice)[:40]!r}")
        for name in ("one_like_baseline", "other_like_baseline"):
            if not isinstance(getattr(self, name), bool):
                raise ValueError("whether a video is like the baseline is yes or no")
        number("seconds of an answer", self.seconds, 0, MAX_SECONDS)


@dataclass(frozen=True)
class AnswerStore:
    """Answers of all studies in one file, made when it is first written to."""

    path: Path

    def join(self, study: str) -> Participant:
        """A new participant with the next number of the study."""
        token = token_hex(16)
        with self._writing() as base:
            (taken,) = base.execute("SELECT COUNT(*) FROM participants WHERE study = ?", (study,)).fetchone()
            base.execute("INSERT INTO participants VALUES (?, ?, ?)", (token, study, taken))
        return Participant(token, study, taken)

    def participant(self, token: object) -> Participant:
        """Who goes on; a ValueError where a link names nobody."""
        if isinstance(token, str) and TOKEN.fullmatch(token):
            with self._reading() as base:
                found = base.execute(
                    "SELECT token, study, number FROM participants WHERE token = ?", (token,)
                ).fetchone()
            if found:
                return Participant(*found)
        raise ValueError("this link does not belong to anybody who takes part here")

    def add(self, participant: Participant, answer: Answer) -> None:
        """Keep an answer; one given again, after going back, takes the place of the earlier one."""
        values = (participant.token, answer.question, answer.choice)
        like = (int(answer.one_like_baseline), int(answer.other_like_baseline), float(answer.seconds))
        with self._writing() as base:
            base.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?)", (*values, *like))

    def answers_of(self, participant: Participant) -> dict[int, Answer]:
        """By question."""
        return {answer.question: answer for answer in self.answers(participant.study).get(participant.token, [])}

    def answers(self, study: str) -> dict[str, list[Answer]]:
        """All answers of a study by participant, in the order of arrival; also of those who have given none."""
        with self._reading() as base:
            tokens = base.execute(
                "SELECT token FROM participants WHERE study = ? ORDER BY number", (study,)
            ).fetchall()
            rows = base.execute(
                "SELECT a.* FROM answers a JOIN participants p USING (token) WHERE p.study = ? ORDER BY question",
                (study,),
            ).fetchall()
        found: dict[str, list[Answer]] = {token: [] for (token,) in tokens}
        for token, question, choice, one, other, seconds in rows:
            found[token].append(Answer(question, choice, bool(one), bool(other), seconds))
        return found

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._connected() as base:
            base.executescript(TABLES)
            base.execute("BEGIN IMMEDIATE")  # the count and the row that rests on it are one
            try:
                yield base
            except BaseException:
                base.execute("ROLLBACK")
                raise
            base.execute("COMMIT")

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        if not self.path.exists():
            with self._writing():
                pass
        with self._connected() as base:
            yield base

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        base = sqlite3.connect(self.path, timeout=WAIT_SECONDS, isolation_level=None)
        try:
            yield base
        finally:
            base.close()
