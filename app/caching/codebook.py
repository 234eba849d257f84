"""Codebooks: distance thresholds and the cache rate each of them selects.

Published and calibrated codebooks are JSON files in assets/codebooks; a user's own comes as the same JSON.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from app.caching.motion import MotionRegularisation
from app.common.paths import CODEBOOKS
from app.common.validation import as_whole, is_number, parse_json, shown, text, whole

MAX_ROWS = 64
MAX_RATE = 1000
MAX_STEPS = 1000
MAX_MODELS, MAX_NAME = 20, 200
MAX_SOURCE = 1000
MAX_THRESHOLD = 1e100
MAX_BYTES = 1_000_000
EXAMPLE = '{"0.08": 6, "0.16": 5, "1.00": 1}'


@dataclass(frozen=True)
class Codebook:
    """Rows of (threshold, rate): the first threshold above the distance decides, the last rate catches the rest.

    Thresholds are strictly increasing, finite and positive; rates are integers >= 1 and never increase.
    The last threshold is written for the reader: upstream never compares with it (docs/upstream-quirks.md, 8).
    """

    thresholds: tuple[float, ...]
    rates: tuple[int, ...]
    steps: int | None = field(default=None, compare=False)  # denoising steps it was made for; none where unknown
    models: tuple[str, ...] = field(default=(), compare=False)  # ids of the models it was made for
    signal: str | None = field(default=None, compare=False)  # whose distances it looks up; none for the published
    motion: MotionRegularisation | None = field(default=None, compare=False)  # fitted with it; none: the model's

    def __post_init__(self) -> None:
        if self.signal is not None:
            text("the signal a codebook was made for", self.signal, MAX_NAME)
        if not isinstance(self.motion, MotionRegularisation | None):
            raise ValueError(f"the motion of a codebook is its regularisation or none, got {shown(self.motion)}")
        if self.steps is not None:
            whole("the steps a codebook was made for", self.steps, 1, MAX_STEPS)
        if len(self.models) > MAX_MODELS:
            raise ValueError(f"a codebook is made for at most {MAX_MODELS} models, got {len(self.models)}")
        for model in self.models:
            text("a model a codebook was made for", model, MAX_NAME)
        if not 1 <= len(self.thresholds) <= MAX_ROWS or len(self.thresholds) != len(self.rates):
            raise ValueError(
                f"a codebook needs 1 to {MAX_ROWS} thresholds and as many rates, "
                f"got {len(self.thresholds)} and {len(self.rates)}"
            )
        for threshold in self.thresholds:
            if not is_number(threshold) or not 0 < threshold <= MAX_THRESHOLD:
                raise ValueError(f"codebook thresholds must be finite and positive, got {shown(threshold)}")
        for low, high in zip(self.thresholds, self.thresholds[1:], strict=False):
            if low >= high:
                raise ValueError(f"codebook thresholds must increase, got {low:g} before {high:g}")
        for rate in self.rates:
            whole("every cache rate", rate, 1, MAX_RATE)
        for low, high in zip(self.rates, self.rates[1:], strict=False):
            if low < high:
                raise ValueError(f"cache rates must not increase with the threshold, got {low} before {high}")

    def row(self, distance: float) -> int:
        """Index of the row a distance selects; a NaN selects the last, as upstream's comparisons do."""
        for index, threshold in enumerate(self.thresholds[:-1]):
            if distance < threshold:
                return index
        return len(self.rates) - 1

    def rate(self, distance: float) -> int:
        """Steps from this computed step to the next one, for a distance."""
        return self.rates[self.row(distance)]

    def to_json(self) -> dict[str, int]:
        """The published notation: {"0.08": 6, ..., "1": 1}."""
        return {f"{t:.12g}": r for t, r in zip(self.thresholds, self.rates, strict=True)}

    def to_settings(self) -> dict[str, Any]:
        """The published notation, and where it is known what the codebook was made for, as in its file."""
        rows, made_for = self.to_json(), self.made_for()
        return {"codebook": rows, "steps": None, "models": [], **made_for} if made_for else rows

    def made_for(self) -> dict[str, Any]:
        """What it was made for as JSON, as far as it is known."""
        motion = None if self.motion is None else _listed(asdict(self.motion))
        known = {"steps": self.steps, "models": list(self.models), "signal": self.signal, "motion": motion}
        return {name: value for name, value in known.items() if value}

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read {"0.08": 6, ...}, bare or under "codebook" of a preset's file; a ValueError names what is wrong."""
        if not isinstance(value, Mapping) or "codebook" not in value:
            return cls(*_read_rows(value))
        return cls(*_read_rows(value["codebook"]), **read_made_for(value))


@dataclass(frozen=True)
class Preset:
    """A named codebook and where it comes from; it states the steps and models it was made for."""

    id: str
    title: str
    codebook: Codebook
    source: str


def presets() -> dict[str, Preset]:
    """All codebooks in assets/codebooks, by id."""
    return {path.stem: read_preset(path) for path in sorted(CODEBOOKS.glob("*.json"))}


def read_preset(path: Path) -> Preset:
    """A preset's file; a ValueError says what is wrong with it."""
    with path.open("rb") as file:
        value = parse_json(file.read(MAX_BYTES + 1), path.name, MAX_BYTES, _reject_duplicates)
    codebook = Codebook.from_json(value)
    said = {name: value.get(name) for name in ("title", "source")}
    for name, most in (("title", MAX_NAME), ("source", MAX_SOURCE)):
        text(f"the {name} of a codebook", said[name], most)
    return Preset(path.stem, codebook=codebook, **said)


def parse_codebook(data: bytes | str) -> Codebook:
    """Read a codebook from JSON, bare or as a preset's file; broken JSON and duplicates are ValueErrors."""
    return Codebook.from_json(parse_json(data, "the codebook", MAX_BYTES, _reject_duplicates))


def read_made_for(value: Mapping[str, Any]) -> dict[str, Any]:
    """What `Codebook.made_for` wrote, as arguments of a codebook; a ValueError names what is wrong."""
    from app.caching.settings import read_settings  # which reads codebooks as well

    models, motion = value.get("models") or (), value.get("motion")
    if not isinstance(models, list | tuple):
        raise ValueError(f"the models of a codebook are a list of ids, got {shown(models)}")
    return {
        "steps": as_whole(value.get("steps")),
        "models": tuple(models),
        "signal": value.get("signal"),
        "motion": None if motion is None else read_settings(MotionRegularisation, motion),
    }


def load_codebook(name_or_path: str) -> Codebook:
    """A preset's codebook by its id, or one read from a JSON file."""
    named = presets()
    if name_or_path in named:
        return named[name_or_path].codebook
    path = Path(name_or_path)
    if not path.is_file():
        raise ValueError(f"no codebook preset or file {name_or_path!r}; presets: {', '.join(named)}")
    try:
        with path.open("rb") as file:
            return parse_codebook(file.read(MAX_BYTES + 1))
    except OSError as error:
        raise ValueError(f"cannot read codebook {name_or_path!r}: {error.strerror}") from None
    except ValueError as error:
        raise ValueError(f"{name_or_path}: {error}") from None


def _listed(settings: dict[str, Any]) -> dict[str, Any]:
    """Tuples as lists, as JSON has them."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in settings.items()}


def _read_rows(value: object) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Thresholds and rates of the published notation."""
    if not isinstance(value, Mapping) or not value:
        raise ValueError(f"a codebook is a JSON object such as {EXAMPLE}")
    thresholds = []
    for key in value:
        try:
            thresholds.append(float(key))
        except (TypeError, ValueError):
            raise ValueError(f"codebook thresholds must be numbers, got {shown(key)}") from None
    return tuple(thresholds), tuple(map(as_whole, value.values()))  # type: ignore[arg-type]  # checked there


def _reject_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    repeated = next((key for key in keys if keys.count(key) > 1), None)
    if repeated is not None:
        raise ValueError(f"codebook threshold {repeated[:40]!r} is there twice")
    return dict(pairs)
