"""The table of a comparison: a line a method, and for each operating point whether AdaCache dominates it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import mean
from typing import Any

from app.common.journal import Row
from app.evaluation.classifier.scores import accuracy
from app.evaluation.comparison.plan import BASELINE, families, is_adacache


@dataclass(frozen=True)
class Point:
    """A method over all its runs. speedup: baseline seconds over seconds, both summed; the others are means."""

    name: str
    family: str
    runs: int
    speedup: float
    computed_fraction: float
    tflops: float | None
    psnr_db: float
    ssim: float
    judge: dict[str, float]
    settings: dict[str, Any] | None
    motion: bool

    @property
    def judge_accuracy(self) -> float | None:
        """Mean over object, background, motion and speed."""
        return mean(self.judge.values()) if self.judge else None


@dataclass(frozen=True)
class Dominance:
    """The answer for one point of another family: the AdaCache point that dominates it, or what comes closest.

    by: at least as fast, with higher mean PSNR and SSIM; the best PSNR of those. nearest: where there is none, the
    best PSNR among those at least as fast. Empty where no point is.
    """

    point: str
    by: str
    nearest: str


def points(rows: Sequence[Row]) -> list[Point]:
    """Points by family and speedup, the baseline first."""
    by_name: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_name[row["method"]].append(row)
    order = {family: place for place, family in enumerate(families())}
    found = [_point(name, runs) for name, runs in by_name.items()]
    return sorted(found, key=lambda p: (order.get(p.family, -1), p.speedup))


def dominance(all_points: Sequence[Point]) -> list[Dominance]:
    """An answer for every point that is neither AdaCache's nor the baseline."""
    ours = [point for point in all_points if is_adacache(point.family)]
    answers = []
    for point in all_points:
        if is_adacache(point.family) or point.name == BASELINE:
            continue
        fast = sorted((p for p in ours if p.speedup >= point.speedup), key=lambda p: -p.psnr_db)
        better = [p.name for p in fast if p.psnr_db > point.psnr_db and p.ssim > point.ssim]
        answers.append(Dominance(point.name, better[0] if better else "", fast[0].name if fast else ""))
    return answers


def to_json(all_points: Sequence[Point], about: dict[str, Any]) -> dict[str, Any]:
    """What the Compare room and other programs read."""
    return {
        "about": about,
        "points": [asdict(point) for point in all_points],
        "dominance": [asdict(answer) for answer in dominance(all_points)],
    }


def to_markdown(all_points: Sequence[Point], about: dict[str, Any]) -> str:
    """The same as a page of Markdown."""
    head, *lines = cells(all_points)
    table = [f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *lines)]
    answers = [f"- {sentence}" for sentence in sentences(all_points)]
    return (
        "\n".join(
            [described(about), "", *table, "", "Does an AdaCache variant dominate each point?", "", *answers]
        )
        + "\n"
    )


def to_text(all_points: Sequence[Point]) -> str:
    """The table for a terminal."""
    lines = cells(all_points)
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    left = 2  # columns of words; the others are figures

    def line(cells: list[str]) -> str:
        padded = [
            c.ljust(w) if i < left else c.rjust(w) for i, (c, w) in enumerate(zip(cells, widths, strict=True))
        ]
        return "  ".join(padded)

    return "\n".join(map(line, lines))


def cells(all_points: Sequence[Point]) -> list[list[str]]:
    """Head and lines of the table as text."""
    head = ["family", "method", "speedup", "computed", "TFLOPs", "PSNR (dB)", "SSIM", "judge", "runs"]
    return [head, *(_cells(point) for point in all_points)]


def sentences(all_points: Sequence[Point]) -> list[str]:
    """The answers in words, one a point."""
    named = {point.name: point for point in all_points}

    def figures(name: str) -> str:
        point = named[name]
        return f"{name} ({point.speedup:.2f}x, {point.psnr_db:.2f} dB, SSIM {point.ssim:.4f})"

    texts = []
    for answer in dominance(all_points):
        if answer.by:
            texts.append(f"{figures(answer.point)}: yes, by {figures(answer.by)}")
        elif answer.nearest:
            texts.append(f"{figures(answer.point)}: no; the nearest as fast is {figures(answer.nearest)}")
        else:
            texts.append(f"{figures(answer.point)}: no; no AdaCache variant measured here is as fast")
    return texts


def described(about: dict[str, Any]) -> str:
    """One line on what was measured."""
    runs = f"{_several(about['prompts'], 'prompt')} x {_several(len(about['seeds']), 'seed')}"
    settings = f"{about['steps']} steps, guidance {about['guidance']:g}, {about['device']}, {about['date']}"
    return (
        f"{about['title']}, {runs}, {settings}. Speedup: time of the denoising loop of the baseline over that of "
        "the method, denoised side by side in one process. PSNR and SSIM against the baseline's video. LPIPS is "
        "not available here: it needs downloaded weights."
    )


def _several(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _point(name: str, runs: list[Row]) -> Point:
    counted = [row["tflops"] for row in runs]
    return Point(
        name=name,
        family=runs[0]["family"],
        runs=len(runs),
        speedup=sum(row["baseline_seconds"] for row in runs) / sum(row["seconds"] for row in runs),
        computed_fraction=mean(row["computed_fraction"] for row in runs),
        tflops=None if None in counted else mean(counted),
        psnr_db=mean(row["psnr_db"] for row in runs),
        ssim=mean(row["ssim"] for row in runs),
        judge=accuracy(row["judged"] for row in runs if row["judged"] is not None),
        settings=runs[0]["settings"],
        motion=runs[0]["motion"],
    )


def _cells(point: Point) -> list[str]:
    baseline = point.name == BASELINE
    return [
        point.family or "Baseline",
        point.name,
        f"{point.speedup:.2f}x",
        f"{100 * point.computed_fraction:.0f} %",
        "-" if point.tflops is None else f"{point.tflops:.4g}",
        "-" if baseline else f"{point.psnr_db:.2f}",
        "-" if baseline else f"{point.ssim:.4f}",
        "-" if point.judge_accuracy is None else f"{100 * point.judge_accuracy:.1f} %",
        str(point.runs),
    ]
