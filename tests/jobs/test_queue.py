"""The queue before the device: visitors take turns, and each orders its own runs."""

import pytest

from app.caching.codebook import Codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.generation.request import Request
from app.jobs.limits import Limits
from app.jobs.queue import JobQueue
from app.jobs.ticket import Ticket

METHOD = AdaCacheConfig(Codebook((1.0,), (1,)))


def filled(names: str) -> tuple[JobQueue, list[Ticket]]:
    """A queue joined by visitors of one letter each; a ticket's prompt is its letter and number."""
    queue, tickets = JobQueue(), []
    for number, letter in enumerate(names):
        ticket = Ticket(letter * 32, Request("tiny", f"{letter}{number}", METHOD))
        queue.join(ticket)
        tickets.append(ticket)
    return queue, tickets


def prompts(tickets: list[Ticket]) -> list[str]:
    return [ticket.request.prompt for ticket in tickets]


def test_visitors_take_turns() -> None:
    queue, tickets = filled("aaabba")
    assert queue.start() is tickets[0]
    assert prompts(queue.order()) == ["b3", "a1", "b4", "a2", "a5"]
    assert queue.start() is None  # the device is taken
    queue.leave(tickets[0])
    assert queue.start() is tickets[1]  # now nobody has had more than the others


def test_a_visitor_moves_only_its_own_runs() -> None:
    queue, tickets = filled("abaa")
    queue.move(tickets[3], -1)
    assert prompts(queue.of("a" * 32)) == ["a0", "a3", "a2"]
    queue.move(tickets[0], 5)
    assert prompts(queue.of("a" * 32)) == ["a3", "a2", "a0"]
    assert prompts(queue.of("b" * 32)) == ["b1"]
    queue.move(tickets[0], -9)
    assert prompts(queue.of("a" * 32)) == ["a0", "a3", "a2"]


def test_one_address_is_one_person_under_whatever_ids() -> None:
    queue = JobQueue(Limits(waiting=2))
    for letter in "ab":
        queue.join(Ticket(letter * 32, Request("tiny", letter, METHOD), address="10.0.0.9"))
    with pytest.raises(ValueError, match="2 of your runs are waiting"):
        queue.join(Ticket("c" * 32, Request("tiny", "c", METHOD), address="10.0.0.9"))
    queue.join(Ticket("c" * 32, Request("tiny", "c", METHOD), address="10.0.0.8"))


def test_what_left_is_not_moved() -> None:
    queue, tickets = filled("ab")
    queue.start()
    queue.leave(tickets[1])
    queue.move(tickets[1], 1)
    assert queue.waiting == []
