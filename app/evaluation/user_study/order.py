"""The order of a study's questions for each participant: balanced, and a function of the participant's number.

Over as many participants as there are questions every question stands once in every place, and over any two in a
row each question has either variant once on the left.
"""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Asked:
    """A question as one participant sees it: which, and whether its second variant stands on the left."""

    question: int
    swapped: bool


def order_for(questions: int, participant: int) -> tuple[Asked, ...]:
    """All questions for the participant of a number, counted from 0."""
    shuffled = list(range(questions))
    Random(questions).shuffle(
        shuffled
    )  # the same for all, so that neighbours in the study are not neighbours here
    start = participant % questions
    rotated = shuffled[start:] + shuffled[:start]
    return tuple(Asked(question, (question + participant) % 2 == 1) for question in rotated)
