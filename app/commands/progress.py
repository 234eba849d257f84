"""Progress of runs on the command line: one bar over all their steps, and what a run says of itself above it."""

import sys
from collections.abc import Iterator, Sequence
from typing import Any

from tqdm import tqdm

from app.common.timestamps import read_timestamp
from app.distributed.launch import is_first_process
from app.generation import run_notes
from app.generation.events import BaselineFound, Compared, Event, Failed, Loading, Started, Step
from app.generation.request import Request
from app.generation.trace import steps_of


def progress(requests: Sequence[Request]) -> Any:
    """A bar over the steps of all requests, both sides; not drawn before the first step.

    Of several processes that share the videos the first one draws it.
    """
    hidden = not is_first_process()
    return tqdm(total=sum(map(expected_steps, requests)), unit="step", delay=1e-9, disable=hidden)


def expected_steps(request: Request) -> int:
    """Steps of both sides, before the model has told whether its sampler makes more."""
    return sum(steps_of(request, request.steps).values())


def follow(events: Iterator[Event], bar: Any, label: str = "") -> dict[str, Any]:
    """Show a run on the bar; returns its summary, or raises what ended it."""
    for event in events:
        match event:
            case Loading(message=message):
                bar.set_description(message)
            case Started(request=request):
                bar.total += sum(steps_of(request, len(event.timesteps)).values()) - expected_steps(request)
                tell(bar, run_notes.before(request) + run_notes.of_prompt(event.ignored))
            case BaselineFound(measured=measured, same=same):
                tell(bar, run_notes.of_baseline(read_timestamp(measured), same))
            case Step(side=side):
                bar.set_description(f"{label}{side}")
                bar.update()
            case Failed(message=message):
                raise ValueError(message)
            case Compared(trace=trace, summary=summary):
                tell(bar, run_notes.after(trace))
                return summary
    raise RuntimeError("the run ended without a result")


def tell(bar: Any, sentences: list[str]) -> None:
    """Print sentences on stderr, above the progress bar, once for all processes."""
    for sentence in sentences if is_first_process() else ():
        bar.write(sentence, file=sys.stderr)
