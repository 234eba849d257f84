"""Results of a study by pair of methods, as in Fig. 5: preference shares, their intervals, and a sign test.

Whoever failed an attention check is left out, and counted. Intervals are Wilson's at 95 %; the test is the
two-sided exact sign test over the answers that are no ties. Several answers of one participant are not independent
of each other: the intervals are those of answers, as the paper's shares are.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from math import comb, sqrt

from app.evaluation.user_study.answers import Answer
from app.evaluation.user_study.study import CHECK, Question, Study

Z = 1.959963984540054  # 97.5th percentile of the normal distribution
COLUMNS = (
    "participant",
    "prompt",
    "seed",
    "method_one",
    "method_other",
    "choice",
    "one_like_baseline",
    "other_like_baseline",
    "seconds",
    "attention_check",
)


@dataclass(frozen=True)
class Share:
    """A share of answers with its 95 % interval."""

    count: int
    of: int

    @property
    def share(self) -> float:
        """From 0 to 1; 0 where there are no answers."""
        return self.count / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's score interval; everything is possible without answers."""
        if not self.of:
            return 0.0, 1.0
        centre = self.share + Z * Z / (2 * self.of)
        spread = Z * sqrt(self.share * (1 - self.share) / self.of + Z * Z / (4 * self.of**2))
        scale = 1 + Z * Z / self.of
        return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


@dataclass(frozen=True)
class PairResult:
    """What was answered on one pair of methods."""

    one: str
    other: str
    prefers_one: Share
    tie: Share
    prefers_other: Share
    one_like_baseline: Share
    other_like_baseline: Share
    p_value: float  # of a preference this uneven if both were equally good


@dataclass(frozen=True)
class Results:
    """Everything a study has shown so far."""

    pairs: tuple[PairResult, ...]
    participants: int  # whose answers count
    left_out: int  # for a failed attention check


def results_of(study: Study, answers: Mapping[str, list[Answer]]) -> Results:
    """Count the answers of attentive participants by pair of methods."""
    attentive = {token: given for token, given in answers.items() if given and _attentive(study, given)}
    counted: dict[tuple[str, str], list[tuple[Question, Answer]]] = {}
    for question in study.questions:
        if not question.is_check:
            counted.setdefault(_pair(question), [])
    for given in attentive.values():
        for answer in given:
            question = study.questions[answer.question]
            if not question.is_check:
                counted[_pair(question)].append((question, answer))
    left_out = sum(bool(given) for given in answers.values()) - len(attentive)
    return Results(tuple(_result(pair, rows) for pair, rows in counted.items()), len(attentive), left_out)


def sign_test(one: int, other: int) -> float:
    """Two-sided exact probability of a split at least as uneven, were both equally likely."""
    total, less = one + other, min(one, other)
    return min(1.0, 2 * sum(comb(total, k) for k in range(less + 1)) / 2**total)


def answers_csv(study: Study, answers: Mapping[str, list[Answer]]) -> str:
    """One row an answer; participants are numbered, their links stay secret."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for number, given in enumerate(answers.values()):
        for answer in given:
            question = study.questions[answer.question]
            writer.writerow(
                (
                    number,
                    question.prompt,
                    question.seed,
                    question.one.method,
                    question.other.method,
                    answer.choice,
                    answer.one_like_baseline,
                    answer.other_like_baseline,
                    round(answer.seconds, 2),
                    question.is_check,
                )
            )
    return text.getvalue()


def _pair(question: Question) -> tuple[str, str]:
    return question.one.method, question.other.method


def _attentive(study: Study, given: list[Answer]) -> bool:
    """Every attention check that was answered prefers the video that is not spoilt."""
    for answer in given:
        question = study.questions[answer.question]
        if question.is_check and answer.choice != ("other" if question.one.method == CHECK else "one"):
            return False
    return True


def _result(pair: tuple[str, str], rows: list[tuple[Question, Answer]]) -> PairResult:
    def share(which: list[bool]) -> Share:
        return Share(sum(which), len(rows))

    choices = [answer.choice for _, answer in rows]
    return PairResult(
        *pair,
        prefers_one=share([choice == "one" for choice in choices]),
        tie=share([choice == "tie" for choice in choices]),
        prefers_other=share([choice == "other" for choice in choices]),
        one_like_baseline=share([answer.one_like_baseline for _, answer in rows]),
        other_like_baseline=share([answer.other_like_baseline for _, answer in rows]),
        p_value=sign_test(choices.count("one"), choices.count("other")),
    )
