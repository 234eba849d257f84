"""A study made of runs: every two runs that differ in nothing but their method are a question."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import imageio.v3 as iio
import numpy as np

from app.caching.codebook import presets
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.registry import Method, kind_of, method_to_json, published
from app.evaluation.user_study.study import CHECK, Question, Study, Variant, check_study, write_study
from app.generation.request import Request
from app.generation.video import write_mp4
from app.models.base import Frames
from app.runs.run import Run

CHECK_EVERY = 8  # questions between two attention checks
BLOCK = 16  # pixels that a spoilt video repeats


def create_study(path: Path, runs: Sequence[Run], title: str, made_by: str) -> Study:
    """Write the study of all pairs among the runs; a ValueError says why there is none.

    The baseline shown is that of the pair's first run. An attention check follows every few questions.
    """
    by_request: dict[Request, list[Run]] = {}
    for run in runs:
        same = replace(run.request, method=runs[0].request.method)
        by_request.setdefault(same, []).append(run)
    pairs = [
        (one, other)
        for together in by_request.values()
        for one, other in combinations(
            sorted(together, key=lambda run: method_name(run.request.method, run.request.model)), 2
        )
        if one.request.method != other.request.method
    ]
    if not pairs:
        raise ValueError(
            "no two of these runs differ in nothing but their method; "
            "run the same prompt, seed and settings with two methods"
        )
    with TemporaryDirectory() as folder:
        questions: list[Question] = []
        videos: dict[str, Path] = {}
        for number, (one, other) in enumerate(pairs, start=1):
            names = [f"{number:03d}-{part}.mp4" for part in ("baseline", "one", "other")]
            files = (one.video("baseline"), one.video("accelerated"), other.video("accelerated"))
            videos.update(zip(names, files, strict=True))
            request = one.request
            questions.append(
                Question(
                    request.prompt, request.seed, names[0], _variant(one, names[1]), _variant(other, names[2])
                )
            )
            if number % CHECK_EVERY == 0 or number == len(pairs):
                spoilt = f"{number:03d}-check.mp4"
                videos[spoilt] = Path(folder) / spoilt
                spoil(one.video("baseline"), videos[spoilt], seed=number)
                questions.append(_check(questions[-1], names[0], spoilt, first=number % 2 == 0))
        study = Study(study_id(path), title, pairs[0][0].request.model, made_by, tuple(questions))
        write_study(path, study, videos)
    return study


def check_plan(path: Path, title: str, pairs: int) -> None:
    """A ValueError where no study of so many pairs can be written there; for before hours of generating."""
    check_study(study_id(path), title, pairs + -(-pairs // CHECK_EVERY))


def study_id(path: Path) -> str:
    """The id of the study in a file."""
    return path.stem.removesuffix(".study")


def method_name(method: Method, model: str) -> str:
    """A method as tables write it: the published setting it is, a codebook's name, or its kind and settings."""
    for name, setting in published(model).items():
        if setting.method == method:
            return name
    kind = kind_of(method).name
    settings = {name: value for name, value in method_to_json(method).items() if name not in ("name", "codebook")}
    if isinstance(method, AdaCacheConfig):
        known = (preset.id for preset in presets().values() if preset.codebook == method.codebook)
        rates = "-".join(map(str, method.codebook.rates))
        moreg = "" if method.motion is None else "-moreg"
        reuse = "" if method.reuse == "hold" else f"-{method.reuse}"
        return f"{kind}-{next(known, rates)}{moreg}{reuse}"
    numbers = (f"{value:g}" for value in settings.values() if isinstance(value, int | float))
    return "-".join([kind, *numbers])


def spoil(source: Path, target: Path, seed: int) -> None:
    """A copy that nobody who looks prefers: large blocks, and frames in random order."""
    frames: Frames = np.stack([frame for frame in iio.imiter(source, plugin="pyav")])
    coarse = frames[:, BLOCK // 2 :: BLOCK, BLOCK // 2 :: BLOCK].repeat(BLOCK, axis=1).repeat(BLOCK, axis=2)
    order = list(range(len(coarse)))
    Random(seed).shuffle(order)
    fps = float(iio.immeta(source, plugin="pyav")["fps"])
    write_mp4(target, np.ascontiguousarray(coarse[order]), fps)


def _variant(run: Run, video: str) -> Variant:
    return Variant(method_name(run.request.method, run.request.model), video, run.summary["speedup"])


def _check(question: Question, baseline: str, spoilt: str, first: bool) -> Question:
    good, bad = Variant("baseline", baseline), Variant(CHECK, spoilt)
    return replace(question, one=bad if first else good, other=good if first else bad)
