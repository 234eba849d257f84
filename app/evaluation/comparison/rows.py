"""Rows of a comparison: what is missing in a folder, measured by any workers and written as it is ready."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from app.common.journal import Journal, Row
from app.evaluation.classifier.scores import ClipClassifier, classifier_of
from app.evaluation.comparison.measure import Bench
from app.evaluation.comparison.plan import BASELINE, Plan
from app.generation.denoiser import fingerprint
from app.models.base import VideoModel, at_size
from app.models.registry import load_model
from app.workers.workers import Workers


@dataclass(frozen=True)
class Group:
    """Methods that are measured side by side, on one prompt and seed."""

    prompt: str
    seed: int
    methods: tuple[str, ...]


@dataclass(frozen=True)
class Measuring:
    """The work of a comparison (`app.workers.work.Work`): a group's rows, its videos in the folder."""

    plan: Plan
    weights: Path | None = None  # a folder of checkpoints in the published layout

    def prepare(self) -> tuple[VideoModel, ClipClassifier | None]:
        """The model, and what says what its videos show."""
        return self.model(), classifier_of(self.plan.card.id)

    def do(self, prepared: tuple[VideoModel, ClipClassifier | None], group: Group, folder: Path) -> list[Row]:
        """A row for the baseline and one a method."""
        model, classifier = prepared
        bench = Bench(model, self.plan, folder, classifier)
        return bench.measure(group.prompt, group.seed, {name: self.plan.methods[name] for name in group.methods})

    def model(self) -> VideoModel:
        """The model that is measured, at its size; loaded once in a process."""
        loaded = load_model(self.plan.card.id, *(() if self.weights is None else (self.weights,)))
        return at_size(loaded, self.plan.size)


def measured_rows(plan: Plan, folder: Path, workers: Workers, weights: Path | None = None) -> list[Row]:
    """All rows of a plan: those of `folder`/rows.jsonl, and what is missing there, measured and written.

    Every prompt is tried before anything is measured; a ValueError says which cannot be used.
    """
    work = Measuring(plan, weights)
    model = work.model()
    for prompt in plan.prompts:
        model.encode_prompt(prompt)
    journal = Journal.open(folder / "rows.jsonl", {**plan.settings(), "weights": fingerprint(model)})
    written = {_key(row) for row in journal.rows}
    missing = list(_missing(plan, written))
    with tqdm(total=len(missing), unit="prompt", delay=1e-9) as bar:
        for _, rows in workers.results(work, missing, folder):
            for row in rows:
                if _key(row) not in written:  # a baseline that was there
                    journal.append(row)
            bar.update()
    wanted = {(p, s, name) for p in plan.prompts for s in plan.seeds for name in (BASELINE, *plan.methods)}
    return [row for row in journal.rows if _key(row) in wanted]


def _missing(plan: Plan, written: set[tuple[str, int, str]]) -> Iterator[Group]:
    for seed in plan.seeds:
        for prompt in plan.prompts:
            methods = tuple(name for name in plan.methods if (prompt, seed, name) not in written)
            if methods:
                yield Group(prompt, seed, methods)


def _key(row: Row) -> tuple[str, int, str]:
    return row["prompt"], row["seed"], row["method"]
