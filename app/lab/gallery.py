"""Gallery: recorded clips from calm to fast, with the schedules that one codebook chooses on each, scaled.

All of it is worked out beforehand (python -m app.training.gallery), so that the page answers its slider by itself.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import mean
from typing import Any, Self

from app.caching.methods.adacache import AdaCacheConfig
from app.caching.registry import method_from_json, method_to_json
from app.common.files import read_json
from app.common.validation import number, shown, text, whole
from app.generation.request import MAX_NAME, Request
from app.lab.prediction import check_schedule, predictor
from app.lab.prediction_fit import scale_for
from app.lab.recording import Recording
from app.lab.simulate import measure, simulate

INDEX = "gallery.json"
SCALES = tuple(round(2 ** (tenth / 10), 4) for tenth in range(-20, 21))  # a quarter to four times the thresholds
MAX_BYTES = 1_000_000
MAX_CLIPS = 60
MAX_POSTER = 16_000  # characters
MAX_SCALES = 200


@dataclass(frozen=True)
class GalleryClip:
    """A recorded baseline; its video is `name`.mp4 beside the index.

    motion: mean motion score of its residuals. For every scale of the thresholds: the steps that are computed, the
    PSNR predicted of them in dB (none where the recording keeps no velocities), and how many steps are computed
    without motion regularisation. All of these are simulated. poster: the first frame as WebP in base64, which
    stands until the video plays; empty before there is one.
    """

    name: str
    prompt: str
    seed: int
    steps: int
    guidance: float
    motion: float
    computed: tuple[tuple[int, ...], ...]
    db: tuple[float | None, ...]
    plain: tuple[int, ...]
    poster: str = ""

    def __post_init__(self) -> None:
        text("a clip's name", self.name, MAX_NAME)
        text("a clip's poster", self.poster, MAX_POSTER)
        if not self.name or Path(self.name).name != self.name:
            raise ValueError(f"a clip is named as its file without the ending, got {shown(self.name)}")
        number("a clip's motion", self.motion, 0, 1e9)
        for schedule in self.computed:
            check_schedule(schedule, self.steps)
        for count in self.plain:
            whole("the steps computed without motion regularisation", count, 1, self.steps)
        for db in self.db:
            if db is not None:
                number("a predicted PSNR", db, -1000, 1000)


@dataclass(frozen=True)
class Gallery:
    """Clips from calm to fast. method: AdaCache at the scale 1, with motion regularisation."""

    model: str
    method: AdaCacheConfig
    scales: tuple[float, ...]
    clips: tuple[GalleryClip, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.scales) <= MAX_SCALES or not 1 <= len(self.clips) <= MAX_CLIPS:
            raise ValueError(
                f"a gallery has 1 to {MAX_CLIPS} clips and 1 to {MAX_SCALES} scales, "
                f"got {len(self.clips)} and {len(self.scales)}"
            )
        for clip in self.clips:
            if not len(clip.computed) == len(clip.db) == len(clip.plain) == len(self.scales):
                raise ValueError(f"the clip {clip.name} needs schedules for {len(self.scales)} scales")

    def request(self, name: str, position: int) -> Request:
        """The run that a clip's schedule at a position of the slider predicts; a ValueError for no such clip."""
        clip = next((clip for clip in self.clips if clip.name == name), None)
        if clip is None:
            raise ValueError(f"the gallery has no clip {shown(name)}; reload the page")
        whole("the slider's position", position, 0, len(self.scales) - 1)
        method = scaled(self.method, self.scales[position])
        return Request(self.model, clip.prompt, method, clip.seed, clip.steps, clip.guidance)

    def to_json(self) -> dict[str, Any]:
        """As it is written to disk."""
        return {**asdict(self), "method": method_to_json(self.method)}

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Read an index; a ValueError says what does not fit."""
        try:
            method = method_from_json(value["method"])
            if not isinstance(method, AdaCacheConfig):
                raise ValueError("a gallery's method is AdaCache")
            clips = tuple(_clip(clip) for clip in value["clips"])
            return cls(value["model"], method, tuple(value["scales"]), clips)
        except (KeyError, TypeError) as error:
            raise ValueError(f"the gallery is not one of this version: {error}") from None


def load_gallery(folder: Path) -> Gallery | None:
    """The gallery of a folder; none where it holds none, a ValueError where it is broken."""
    path = folder / INDEX
    return Gallery.from_json(read_json(path, MAX_BYTES)) if path.is_file() else None


def simulated_gallery(
    recordings: Mapping[str, Recording], method: AdaCacheConfig, scales: tuple[float, ...] = SCALES
) -> Gallery:
    """Simulate a method at all scales on recordings of one model, by the names of their clips."""
    clips = [_simulated(name, recording, method, scales) for name, recording in recordings.items()]
    models = {recording.model for recording in recordings.values()}
    if len(models) != 1:
        raise ValueError(f"a gallery is of one model, got recordings of {', '.join(sorted(models)) or 'none'}")
    return Gallery(models.pop(), method, scales, tuple(sorted(clips, key=lambda clip: clip.motion)))


def scaled(method: AdaCacheConfig, scale: float) -> AdaCacheConfig:
    """The method with all thresholds of its codebook times a scale."""
    thresholds = tuple(float(f"{scale * threshold:.4g}") for threshold in method.codebook.thresholds)
    return replace(method, codebook=replace(method.codebook, thresholds=thresholds))


def _simulated(name: str, recording: Recording, method: AdaCacheConfig, scales: tuple[float, ...]) -> GalleryClip:
    methods = [scaled(method, scale) for scale in scales]
    computed = tuple(simulate(recording, scaled_one).computed for scaled_one in methods)
    plain = tuple(len(simulate(recording, replace(one, motion=None)).computed) for one in methods)
    db: tuple[float | None, ...] = (None,) * len(scales)
    if recording.velocities is not None:
        predicted = predictor(recording, scale_for(recording.model)).db(computed, "hold")
        db = tuple(round(float(value), 2) for value in predicted)
    scores = [measure(recording, method, step, ())[-1].motion for step in range(1, recording.steps + 1)]
    return GalleryClip(
        name=name,
        prompt=recording.prompt,
        seed=recording.seed,
        steps=recording.steps,
        guidance=recording.guidance,
        motion=round(mean(score for score in scores if score is not None), 6),
        computed=computed,
        db=db,
        plain=plain,
    )


def _clip(value: dict[str, Any]) -> GalleryClip:
    computed = tuple(tuple(schedule) for schedule in value["computed"])
    return GalleryClip(**{**value, "computed": computed, "db": tuple(value["db"]), "plain": tuple(value["plain"])})
