"""Settings: what a run may ask of a model that has it, beside steps, guidance and size."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

from app.common.validation import RUN_ID, number, shown, text, whole
from app.models.condition_image import PLACES, WORDS, ImagePlace, check_image_id

Precision = Literal["float32", "bfloat16"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
CameraMotion = Literal["pan right", "pan left", "tilt up", "tilt down", "zoom in", "zoom out", "static"]
CAMERA_MOTIONS: tuple[CameraMotion, ...] = get_args(CameraMotion)
SCORES = ("aesthetic", "motion_score", "camera_motion")  # at the end of a caption
EXTENSION = ("extends", "overlap")
NAMES = ("negative_prompt", "precision", "flow_shift", *SCORES, *PLACES, *EXTENSION)
MAX_NEGATIVE_PROMPT = 1500
MIN_FLOW_SHIFT, MAX_FLOW_SHIFT = 0.01, 100.0
MAX_AESTHETIC, MAX_MOTION_SCORE = 10.0, 100.0
MAX_OVERLAP = 1000


@dataclass(frozen=True)
class Settings:
    """Each is none where it is the model's own: what it was published with, and the device's precision."""

    negative_prompt: str | None = None  # what guidance leads away from; "" is a choice as well
    precision: Precision | None = None  # of weights and arithmetic
    flow_shift: float | None = None  # s: noise levels t become s t / (1 + (s - 1) t)
    aesthetic: float | None = None  # score that the caption states
    motion_score: float | None = None  # likewise, of the optical flow
    camera_motion: CameraMotion | None = None  # likewise
    image: str | None = None  # id of the image that the video starts from
    last_image: str | None = None  # of the one that it is to end with
    extends: str | None = None  # id of the run whose accelerated clip it goes on from
    overlap: int | None = None  # latent frames at that clip's end with which it begins

    def __post_init__(self) -> None:
        if self.negative_prompt is not None:
            text("the negative prompt", self.negative_prompt, MAX_NEGATIVE_PROMPT)
        if self.precision is not None and self.precision not in PRECISIONS:
            raise ValueError(f"precision must be {' or '.join(PRECISIONS)}, got {shown(self.precision)}")
        if self.flow_shift is not None:
            number("flow shift", self.flow_shift, MIN_FLOW_SHIFT, MAX_FLOW_SHIFT)
        if self.aesthetic is not None:
            number("the aesthetic score", self.aesthetic, 0, MAX_AESTHETIC)
        if self.motion_score is not None:
            number("the motion score", self.motion_score, 0, MAX_MOTION_SCORE)
        if self.camera_motion is not None and self.camera_motion not in CAMERA_MOTIONS:
            known = ", ".join(CAMERA_MOTIONS)
            raise ValueError(f"camera motion must be one of {known}, got {shown(self.camera_motion)}")
        for place, id in self.images.items():
            check_image_id(f"the {WORDS[place]}", id)
        self._check_extension()

    def __str__(self) -> str:
        words = {
            "negative_prompt": "another negative prompt",
            "precision": self.precision,
            "flow_shift": f"flow shift {self.flow_shift}",
            "aesthetic": f"aesthetic score {self.aesthetic}",
            "motion_score": f"motion score {self.motion_score}",
            "camera_motion": f"camera motion {self.camera_motion}",
            "image": "an image as first frame",
            "last_image": "an image as last frame",
            "extends": "an earlier clip that it goes on from",
            "overlap": f"an overlap of {self.overlap} latent frames",
        }
        return ", ".join(f"{words[name]}" for name in self.given)

    @property
    def given(self) -> dict[str, Any]:
        """Those that are not the model's own, by name."""
        return {name: value for name, value in vars(self).items() if value is not None}

    @property
    def images(self) -> dict[ImagePlace, str]:
        """The ids of the images that it asks for, by place."""
        return {place: self.given[place] for place in PLACES if place in self.given}

    def _check_extension(self) -> None:
        if self.extends is None and self.overlap is None:
            return
        if not isinstance(self.extends, str) or not RUN_ID.fullmatch(self.extends):
            raise ValueError(
                f"the run to go on from is named by 1 to 80 letters, digits, - and _, got {shown(self.extends)}"
            )
        whole("the overlap", self.overlap, 1, MAX_OVERLAP)
        if self.image is not None:
            raise ValueError("a run that goes on from another begins with its frames, and takes no first frame")
