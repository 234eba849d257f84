"""Settings: what a run may ask of a model that has it, beside steps, guidance and size."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

from app.common.validation import number, shown, text
from app.models.condition_image import PLACES, WORDS, ImagePlace, check_image_id

Precision = Literal["float32", "bfloat16"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
CameraMotion = Literal["pan right", "pan left", "tilt up", "tilt down", "zoom in", "zoom out", "static"]
CAMERA_MOTIONS: tuple[CameraMotion, ...] = get_args(CameraMotion)
SCORES = ("aesthetic", "motion_score", "camera_motion")  # at the end of a caption
NAMES = ("negative_prompt", "precision", "flow_shift", *SCORES, *PLACES)
MAX_NEGATIVE_PROMPT = 1500
MIN_FLOW_SHIFT, MAX_FLOW_SHIFT = 0.01, 100.0
MAX_AESTHETIC, MAX_MOTION_SCORE = 10.0, 100.0


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
