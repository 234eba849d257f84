"""A table of the paper, measured here: its lines as methods of a model, and its cells, ours beside the paper's.

A table is one module of this package with a TABLE; its command and its files have its id.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from statistics import mean

import app.evaluation.tables as package
from app.caching.codebook import presets
from app.caching.method import Method
from app.common.journal import Row
from app.evaluation.comparison.table import Point, points
from app.evaluation.paper import Published
from app.metrics.registry import metrics
from app.models.base import ModelCard
from app.models.size import Size

NONE = "-"


@dataclass(frozen=True)
class Line:
    """A line of a table; lines with one name and size are measured once."""

    part: str  # what it belongs to, such as a model or an ablation
    title: str
    name: str  # of the method, "none" for the baseline
    method: Method | None  # none for the baseline
    paper: Published
    size: Size | None = None  # of its videos, where it is not the model's own

    @property
    def label(self) -> str:
        """What its rows are called, once those of all sizes stand together."""
        return labelled(self.name, self.size)


@dataclass(frozen=True)
class PaperTable:
    """A table of the paper; `lines` makes it for a model and a number of denoising steps."""

    id: str
    title: str
    lines: Callable[[ModelCard, int], list[Line]]


def tables() -> dict[str, PaperTable]:
    """Every table there is, by id."""
    modules = (import_module(f"{package.__name__}.{found.name}") for found in iter_modules(package.__path__))
    found = [module.TABLE for module in modules if hasattr(module, "TABLE")]
    return {table.id: table for table in found}


def codebook_name(card: ModelCard, speed: str, steps: int) -> str:
    """The preset that stands for the paper's fast, medium or slow: the model's own where it has one.

    Else Open-Sora's for this number of steps, or that for 30 steps, which `-any-steps` stretches.
    """
    wished = (f"{card.id}-{speed}", f"{speed}-{steps}", speed, f"{speed}-100")
    return next(name for name in wished if name in presets())


def adacache_name(card: ModelCard, speed: str, steps: int, more: str = "") -> str:
    """The name of AdaCache with that codebook, as `app.caching.names` reads it."""
    preset = codebook_name(card, speed, steps)
    stretched = "" if presets()[preset].codebook.steps in (None, steps) else "-any-steps"
    return f"adacache-{preset}{more}{stretched}"


def labelled(name: str, size: Size | None) -> str:
    """The name of a method at a size."""
    return name if size is None else f"{name} at {size}"


def cells(lines: Sequence[Line], rows: Sequence[Row]) -> list[list[str]]:
    """Head and lines: ours, and behind each figure the paper's where it has that figure at all."""
    measured = {point.name: point for point in points(rows)}
    seconds = {name: mean(row["seconds"] for row in rows if row["method"] == name) for name in measured}
    columns: list[tuple[str, Callable[[Point], str], Callable[[Published], str]]] = [
        ("seconds", lambda point: f"{seconds[point.name]:.2f}", lambda paper: _shown(paper.seconds, 2)),
        ("speedup", lambda point: f"{point.speedup:.2f}x", lambda paper: _shown(paper.speedup, 2, "x")),
        ("TFLOPs", lambda point: _significant(point.tflops), lambda paper: _significant(paper.tflops)),
        *(
            (metric.title, _ours(metric.id, metric.digits), _theirs(metric.id, metric.digits))
            for metric in metrics().values()
        ),
        ("VBench", lambda _: NONE, lambda paper: _shown(paper.vbench, 2)),
    ]
    known = [any(theirs(line.paper) != NONE for line in lines) for _, _, theirs in columns]
    head = ["part", "method"]
    for (title, _, _), both in zip(columns, known, strict=True):
        head += [title, "paper"] if both else [title]
    found = [head]
    for line in lines:
        shown = [line.part, line.title]
        for (_, ours, theirs), both in zip(columns, known, strict=True):
            shown += [ours(measured[line.label])] + ([theirs(line.paper)] if both else [])
        found.append(shown)
    return found


def methods_of(lines: Sequence[Line]) -> dict[Size | None, dict[str, Method]]:
    """What has to be measured at each size, by name; the baseline comes with every size."""
    found: dict[Size | None, dict[str, Method]] = {}
    for line in lines:
        found.setdefault(line.size, {})
        if line.method is not None:
            found[line.size][line.name] = line.method
    return found


def to_markdown(table: PaperTable, about: str, shown: Sequence[Sequence[str]]) -> str:
    """The table as a page."""
    head, *lines = shown
    rows = [f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *lines)]
    return "\n".join([f"# {table.title}", "", about, "", *rows]) + "\n"


def to_csv(shown: Sequence[Sequence[str]]) -> str:
    """The table for other programs; fields with a comma are quoted."""
    return "".join(",".join(f'"{cell}"' if "," in cell else cell for cell in line) + "\n" for line in shown)


def to_latex(shown: Sequence[Sequence[str]]) -> str:
    """The table for a paper."""
    escaped = [[_latex(cell) for cell in line] for line in shown]
    columns = "ll" + "r" * (len(shown[0]) - 2)
    head, *lines = [" & ".join(line) + r" \\" for line in escaped]
    rule = r"\hline"
    return "\n".join([rf"\begin{{tabular}}{{{columns}}}", head, rule, *lines, r"\end{tabular}"]) + "\n"


def _ours(metric: str, digits: int) -> Callable[[Point], str]:
    return lambda point: NONE if not point.family else _shown(point.quality[metric], digits)


def _theirs(metric: str, digits: int) -> Callable[[Published], str]:
    return lambda paper: _shown(getattr(paper, metric, None), digits)


def _shown(value: float | None, digits: int, unit: str = "") -> str:
    return NONE if value is None else f"{value:.{digits}f}{unit}"


def _significant(value: float | None) -> str:
    return NONE if value is None else f"{value:.6g}"


LATEX: Mapping[str, str] = {"%": r"\%", "_": r"\_", "&": r"\&", "#": r"\#"}


def _latex(cell: str) -> str:
    return "".join(LATEX.get(letter, letter) for letter in cell)
