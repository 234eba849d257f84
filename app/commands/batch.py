"""Batch: the runs of a prompt file, made one after the other and kept among the runs, and their table."""

import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from shutil import rmtree
from typing import Any

from app.commands.progress import expected_steps, follow
from app.common.sentences import FULL, NO_SPACE
from app.common.tables import aligned
from app.common.validation import one_line
from app.generation.kept_baseline import KeptBaseline
from app.generation.pair import generate_pair
from app.generation.prompt_file import FileRequest
from app.generation.request import Request
from app.metrics.registry import metrics
from app.models.base import VideoModel
from app.runs.run import Run
from app.runs.store import RunStore, about_now

PROMPT_WIDTH = 40


@dataclass
class Batch:
    """What became of each request; a run that fails does not end the others."""

    store: RunStore
    kept: Callable[[Request], KeptBaseline | None]
    sequential: bool
    load: Callable[[str], VideoModel]
    runs: dict[Request, Run] = field(default_factory=dict)
    failed: dict[Request, str] = field(default_factory=dict)

    def missing(self, wanted: Sequence[FileRequest]) -> list[FileRequest]:
        """What is not among the runs yet; the newest run of every other request goes into the table."""
        self.runs = {run.request: run for run in reversed(self.store.runs())}
        return [one for one in wanted if one.request not in self.runs]

    def make(self, one: FileRequest, bar: Any, label: str) -> None:
        """Make one run; an OSError of the disk ends the batch, anything a model refuses ends this run alone."""
        done = bar.n
        making = self.store.begin(one.request.key())
        try:
            events = generate_pair(one.request, making, sequential=self.sequential, load=self.load, kept=self.kept)
            with closing(events):  # type: ignore[type-var]  # a generator
                follow(events, bar, label)
            self.runs[one.request] = self.store.keep(making, about_now())
        except ValueError as error:
            if str(error) == NO_SPACE:
                raise OSError(FULL[0], NO_SPACE) from None
            self.failed[one.request] = one_line(error)
            bar.write(f"{one.place}: {self.failed[one.request]}", file=sys.stderr)
            bar.update(done + expected_steps(one.request) - bar.n)
        finally:
            rmtree(making, ignore_errors=True)

    def table(self, wanted: Sequence[FileRequest]) -> str:
        """A line a request: what was measured, or why there is nothing."""
        head = [
            "",
            "prompt",
            "seed",
            "method",
            "speedup",
            "computed",
            *(m.title for m in metrics().values()),
            "run",
        ]
        return aligned([head, *(self._line(one) for one in wanted)], right=(2, *range(4, len(head) - 1)))

    def _line(self, one: FileRequest) -> list[str]:
        prompt = " ".join(one.request.prompt.split())
        shown = prompt if len(prompt) <= PROMPT_WIDTH else f"{prompt[: PROMPT_WIDTH - 3]}..."
        run = self.runs.get(one.request)
        if run is None:
            why = f"failed: {self.failed[one.request]}" if one.request in self.failed else "not made"
            dashes = ["-"] * (2 + len(metrics()))
            return [one.place, shown, str(one.request.seed), "-", *dashes, why]
        summary = run.summary
        return [
            one.place,
            shown,
            str(one.request.seed),
            summary["method"],
            f"{summary['speedup']:.2f}x{'?' if summary['speed_notes'] else ''}",
            f"{summary['computed_steps']}/{summary['baseline_steps']}",
            *(metric.text(summary["quality"].get(id)) for id, metric in metrics().items()),
            run.id,
        ]
