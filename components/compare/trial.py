"""Trials: several methods on one prompt and seed, each a run in the visitor's queue and later in their Runs.

The first run makes the baseline and the others reuse it. What is kept has the shape of the comparison's points, so
that plot and table show both alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.caching.method import Method
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.names import named_method
from app.caching.registry import method_to_json
from app.caching.titles import title_of
from app.common.validation import as_whole, check_texts, text
from app.evaluation.comparison.plan import family_of
from app.generation.request import MAX_NAME, Request
from app.jobs.runner import JobRunner
from app.jobs.ticket import Room, Ticket
from app.models.base import ModelCard
from app.runs.run import Run
from app.runs.store import RunStore
from components.compare.timeline import baseline_timeline, timeline
from components.shared.visitors import asker_of
from components.shared.web import served
from components.studio.share import to_query

ROOM: Room = "compare"
MAX_METHODS = 12
Answer = dict[str, Any]


@dataclass(frozen=True)
class Trials:
    """Answers the room's questions about trials; a ValueError is the answer in words."""

    runner: JobRunner
    store: RunStore
    card: ModelCard  # the model of the shipped comparison, or the page's first
    steps: int
    guidance: float
    points: Sequence[Mapping[str, Any]]  # of the shipped comparison, for the names of methods

    def started(self, asked: Any) -> Answer:
        """Queue a run for each method; those the visitor has already are not made again."""
        visitor, names = asker_of(asked), _field(asked, "methods", list)
        if not 1 <= len(names) <= MAX_METHODS:
            raise ValueError(f"1 to {MAX_METHODS} methods can be compared at once, got {len(names)}")
        requests = [self._request(asked, self._method(name)) for name in names]
        there = {run.request for run in self._kept(asked)}
        missing = [request for request in requests if request not in there]
        for made, request in enumerate(missing):
            try:
                self.runner.submit(visitor, request, reuse=True, room=ROOM)
            except ValueError as error:
                if not made:
                    raise
                raise ValueError(f"{made} of {len(missing)} runs were added; {error}") from None
        return self.standing(asked)

    def standing(self, asked: Any) -> Answer:
        """What goes and waits of a prompt and seed, why runs failed, and a point for each run that is kept."""
        tickets = [t for t in self.runner.tickets(asker_of(asked)) if self._belongs(t.request, asked)]
        kept = self._kept(asked)
        made = [run.request for run in kept]
        return {
            "going": [self._listed(ticket) for ticket in tickets if not ticket.over],
            "failed": [
                f"{self._name(ticket.request.method)}: {ticket.reason}"
                for ticket in _latest(tickets)
                if ticket.state == "failed" and ticket.request not in made
            ],
            "points": [self._point(run) for run in kept],
            "baseline": served(kept[0].video("baseline")) if kept else "",
            "baseline_timeline": baseline_timeline(kept[0]) if kept else None,
        }

    def stopped(self, asked: Any) -> Answer:
        """Stop what goes and cancel what waits of a prompt and seed; what is made stays."""
        for ticket in self.runner.queue.of(asker_of(asked))[::-1]:  # what goes last of all
            if ticket.room == ROOM and self._belongs(ticket.request, asked):
                self.runner.stop(ticket)
        return self.standing(asked)

    def _request(self, asked: Any, method: Method) -> Request:
        seed: Any = as_whole(_field(asked, "seed", object))
        prompt = _field(asked, "prompt", str)
        return Request(self.card.id, prompt, method, seed=seed, steps=self.steps, guidance=self.guidance)

    def _method(self, name: Any) -> Method:
        text("a method's name", name, MAX_NAME)
        return named_method(name, self.card.id, self.card.motion)

    def _belongs(self, request: Request, asked: Any) -> bool:
        return request == self._request(asked, request.method)

    def _kept(self, asked: Any) -> list[Run]:
        """The visitor's runs of a prompt and seed in the order they were made, the latest of each method."""
        latest: dict[str, Run] = {}
        for run in self.store.runs(asker_of(asked)):  # the newest first
            if self._belongs(run.request, asked):
                latest.setdefault(self._name(run.request.method), run)
        return list(latest.values())[::-1]

    def _name(self, method: Method) -> str:
        """The comparison's name of a method, else its title."""
        settings = method_to_json(method)
        known = (point["name"] for point in self.points if point["settings"] == settings)
        return next(known, title_of(method, self.card.id))

    def _listed(self, ticket: Ticket) -> Answer:
        return {
            "name": self._name(ticket.request.method),
            "state": ticket.state,
            "made": sum(ticket.progress.made.values()),
            "of": sum(ticket.progress.steps.values()),
        }

    def _point(self, run: Run) -> Answer:
        request, summary = run.request, run.summary
        records = run.trace.records["accelerated"]
        quality = summary["quality"]
        return {
            "name": self._name(request.method),
            "family": family_of(request.method),
            "own": True,
            "runs": 1,
            "speedup": summary["speedup"],
            "speedups": [summary["speedup"]] * 2,
            "computed_fraction": summary["computed_fraction"],
            "tflops": None,
            "peak_cache_bytes": summary["peak_cache_bytes"],
            "quality": quality,
            "worst": quality,
            "interval": {id: [value, value] for id, value in quality.items() if value is not None},
            "converged": None,
            "judge": {},
            "settings": method_to_json(request.method),
            "motion": isinstance(request.method, AdaCacheConfig) and request.method.motion is not None,
            "schedules": [
                {
                    "prompt": request.prompt,
                    "seed": request.seed,
                    "computed": list(run.trace.computed_steps("accelerated")),
                    "steps": len(records),
                    "quality": quality,
                }
            ],
            "link": to_query(request),
            "notes": summary["speed_notes"],
            "video": served(run.video("accelerated")),
            "run": run.id,
            "timeline": timeline(run, self.card),
        }


def _latest(tickets: Sequence[Ticket]) -> list[Ticket]:
    """Of each request the ticket that came last."""
    return list({ticket.request: ticket for ticket in tickets}.values())


def _field(asked: Any, name: str, kind: type) -> Any:
    if not isinstance(asked, dict) or not isinstance(asked.get(name), kind):
        raise ValueError("the page does not fit this server; reload it")
    check_texts(name, asked[name])
    return asked[name]
