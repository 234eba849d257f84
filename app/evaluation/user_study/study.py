"""Study: questions of three videos, a baseline and two accelerated ones, as one zip file that can be passed on.

The zip holds study.json and the videos it names; it holds no answers. Attention checks are questions whose
answer is known: one of the two videos is the baseline itself, the other a spoilt copy of it.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self
from zipfile import BadZipFile, ZipFile

from app.common.files import atomic_path
from app.common.validation import whole

SCHEMA = 1
DESCRIPTION = "study.json"
STUDY_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)
VIDEO_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,79}\.mp4", re.ASCII)
MAX_QUESTIONS, MAX_TEXT = 200, 2000
MAX_VIDEO_BYTES, MAX_JSON_BYTES = 20_000_000, 2_000_000
CHECK = "attention check"  # stands for the method of a spoilt video


@dataclass(frozen=True)
class Variant:
    """One of the two videos to choose from."""

    method: str  # its name, which participants never see
    video: str  # its file in the zip
    speedup: float | None = None  # measured when the study was made; None for attention checks


@dataclass(frozen=True)
class Question:
    """A baseline and two variants of the same prompt and seed."""

    prompt: str
    seed: int
    baseline: str  # file in the zip
    one: Variant
    other: Variant

    def __post_init__(self) -> None:
        if not isinstance(self.prompt, str) or not 0 < len(self.prompt) <= MAX_TEXT:
            raise ValueError(f"a study's prompt has 1 to {MAX_TEXT} characters")
        whole("a study's seed", self.seed, 0, 2**53 - 1)
        for name in (self.baseline, self.one.video, self.other.video):
            if not isinstance(name, str) or not VIDEO_NAME.fullmatch(name):
                raise ValueError(f"a study's video is a file name such as 01-baseline.mp4, got {str(name)[:40]!r}")
        if self.one.method == self.other.method:
            raise ValueError(f"a question compares two methods, got {self.one.method[:40]!r} twice")

    @property
    def is_check(self) -> bool:
        """Whether it only finds out if somebody is looking."""
        return CHECK in (self.one.method, self.other.method)


@dataclass(frozen=True)
class Study:
    """Questions with a title; `id` is the name of its file and of its answers."""

    id: str
    title: str
    model: str
    made_by: str  # the command or the room that made it
    questions: tuple[Question, ...]

    def __post_init__(self) -> None:
        check_study(self.id, self.title, len(self.questions))
        for name in ("model", "made_by"):
            _check_text(name, getattr(self, name))

    @property
    def videos(self) -> tuple[str, ...]:
        """Every file it names, once."""
        named = (name for q in self.questions for name in (q.baseline, q.one.video, q.other.video))
        return tuple(dict.fromkeys(named))

    def to_json(self) -> dict[str, Any]:
        """What study.json holds."""
        return {"schema": SCHEMA, **asdict(self)}

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read a study.json; a ValueError says what does not fit."""
        if not isinstance(value, dict) or value.get("schema") != SCHEMA:
            raise ValueError(f"a study of schema {SCHEMA} is needed")
        try:
            questions = tuple(
                Question(q["prompt"], q["seed"], q["baseline"], Variant(**q["one"]), Variant(**q["other"]))
                for q in value["questions"]
            )
            return cls(value["id"], value["title"], value["model"], value["made_by"], questions)
        except (KeyError, TypeError):
            raise ValueError("the study's description is damaged") from None


def check_study(study_id: str, title: str, questions: int) -> None:
    """A ValueError where there is no study of such an id, title and number of questions."""
    if not isinstance(study_id, str) or not STUDY_ID.fullmatch(study_id):
        raise ValueError(f"a study's id is lower-case letters, digits and hyphens, got {str(study_id)[:40]!r}")
    if not 1 <= questions <= MAX_QUESTIONS:
        raise ValueError(f"a study has 1 to {MAX_QUESTIONS} questions, got {questions}")
    _check_text("title", title)


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise ValueError(f"a study's {name} is text of at most {MAX_TEXT} characters")


def write_study(path: Path, study: Study, videos: Mapping[str, Path]) -> None:
    """Write a study with its videos, atomically; `videos` says where each named file lies.

    A ValueError names a video that is too large: no room would open the study.
    """
    sizes = {name: videos[name].stat().st_size for name in study.videos}
    if large := [name for name, size in sizes.items() if size > MAX_VIDEO_BYTES]:
        size = f"{sizes[large[0]]} bytes; at most {MAX_VIDEO_BYTES} are accepted"
        raise ValueError(f"the video {large[0]} has {size}: make the videos smaller or shorter")
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary, ZipFile(temporary, "w") as file:
        file.writestr(DESCRIPTION, json.dumps(study.to_json(), indent=2, ensure_ascii=False))
        for name in study.videos:
            file.write(videos[name], name)


def read_study(path: Path) -> Study:
    """The study of a zip file, all of whose videos are there; a ValueError says what is wrong with it."""
    try:
        with ZipFile(path) as file:
            sizes = {info.filename: info.file_size for info in file.infolist()}
            if sizes.get(DESCRIPTION, MAX_JSON_BYTES + 1) > MAX_JSON_BYTES:
                raise ValueError(f"{path.name} is no study: it has no {DESCRIPTION}, or one that is too large")
            study = Study.from_json(json.loads(file.read(DESCRIPTION)))
    except (BadZipFile, UnicodeDecodeError, json.JSONDecodeError):
        raise ValueError(f"{path.name} is not a whole study file") from None
    if missing := [name for name in study.videos if name not in sizes]:
        raise ValueError(f"{path.name} lacks the video {missing[0]}")
    if large := [name for name in study.videos if sizes[name] > MAX_VIDEO_BYTES]:
        raise ValueError(f"{path.name}: {large[0]} is larger than {MAX_VIDEO_BYTES} bytes")
    return study


def read_video(path: Path, name: str) -> bytes:
    """One video of a study."""
    with ZipFile(path) as file:
        return file.read(name)
