"""Batch: the runs of a prompt file, made one after the other and kept among the runs, and their table."""

import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from typing import Any

from app.commands.progress import expected_steps, follow
from app.common.sentences import FULL, NO_SPACE
from app.common.tables import aligned
from app.common.validation import one_line
from app.generation.events import Failed
from app.generation.kept_baseline import KeptBaseline
from app.generation.pair import generate_pair
from app.generation.prompt_file import FileRequest
from app.generation.request import Request
from app.lab.pair_recorder import PairRecorder
from app.metrics.registry import metrics
from app.models.base import VideoModel
from app.models.condition_image import Images
from app.models.registry import load_model
from app.runs.run import Run
from app.runs.store import RunStore, about_now
from app.workers.workers import Workers

PROMPT_WIDTH = 40


@dataclass(frozen=True)
class Making:
    """A run to make, and the name of the folder to make it in."""

    folder: str
    request: Request
    images: Images  # that the request asks for


@dataclass(frozen=True)
class Generating:
    """The work of a prompt file (`app.workers.work.Work`): a run's files, or what ended it."""

    sequential: bool
    weights: Path | None

    def prepare(self) -> None:
        """Nothing: a worker loads the model of its first run and keeps it."""

    def do(self, _: None, job: Making, folder: Path) -> str | None:
        """Make the run; returns what a model refuses."""
        making = folder / job.folder
        making.mkdir(exist_ok=True)
        weights = () if self.weights is None else (self.weights,)
        for event in generate_pair(
            job.request,
            making,
            sequential=self.sequential,
            load=lambda model, **precision: load_model(model, *weights, **precision),
            images=job.images,
            watch=PairRecorder.of,
        ):
            if isinstance(event, Failed):
                return event.message
        return None


@dataclass
class Batch:
    """What became of each request; a run that fails does not end the others."""

    store: RunStore
    kept: Callable[[Request], KeptBaseline | None]
    sequential: bool
    load: Callable[[str], VideoModel]
    images: Images = field(default_factory=dict)
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
            events = generate_pair(
                one.request,
                making,
                sequential=self.sequential,
                load=self.load,
                kept=self.kept,
                images=self.images,
                watch=PairRecorder.of,
            )
            with closing(events):  # type: ignore[type-var]  # a generator
                follow(events, bar, label)
            self._keep(one, making)
        except ValueError as error:
            self._fail(one, error, bar)
            bar.update(done + expected_steps(one.request) - bar.n)
        finally:
            rmtree(making, ignore_errors=True)

    def make_elsewhere(
        self, missing: Sequence[FileRequest], workers: Workers, weights: Path | None, bar: Any
    ) -> None:
        """Make many runs by workers, which bring them here; the bar moves a run at a time."""
        making = {self.store.begin(one.request.key()).name: one for one in missing}
        jobs = [Making(name, one.request, self._images_of(one.request)) for name, one in making.items()]
        try:
            for job, failure in workers.results(Generating(self.sequential, weights), jobs, self.store.folder):
                one, folder = making[job.folder], self.store.folder / job.folder
                try:
                    if failure is not None:
                        raise ValueError(failure)
                    self._keep(one, folder)
                except ValueError as error:
                    self._fail(one, error, bar)
                bar.update(expected_steps(job.request))
        finally:
            for name in making:
                rmtree(self.store.folder / name, ignore_errors=True)

    def _images_of(self, request: Request) -> Images:
        return {id: self.images[id] for id in request.settings().images.values()}

    def _keep(self, one: FileRequest, making: Path) -> None:
        self.runs[one.request] = self.store.keep(making, about_now())

    def _fail(self, one: FileRequest, error: ValueError, bar: Any) -> None:
        if str(error) == NO_SPACE:
            raise OSError(FULL[0], NO_SPACE) from None
        self.failed[one.request] = one_line(error)
        bar.write(f"{one.place}: {self.failed[one.request]}", file=sys.stderr)

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
