"""Images of a run's folder, as PNG: those its video starts from or ends with, and what a run of one frame made."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.common.files import atomic_path
from app.generation.request import Request
from app.generation.trace import SIDES, Side
from app.models.condition_image import PLACES, ConditionImage, ImagePlace, Images
from app.models.registry import CARDS

CONDITIONS: dict[ImagePlace, str] = dict(zip(PLACES, ("first_frame.png", "last_frame.png"), strict=True))
PICTURES: dict[Side, str] = {side: f"{side}.png" for side in SIDES}


def check_image(request: Request) -> None:
    """A ValueError where a request has no image, and its model makes no video without one."""
    if request.model in CARDS and (refusal := CARDS[request.model].image_refusal(request.image)):
        raise ValueError(refusal)


def write_images(folder: Path, request: Request, images: Images) -> None:
    """Keep the images that a request asks for beside its video; atomic."""
    for place, id in request.settings().images.items():
        _write(folder / CONDITIONS[place], images[id])


def write_picture(path: Path, frame: NDArray[np.uint8]) -> None:
    """Keep a frame (height, width, 3) as it is, so that it can be another video's first; atomic."""
    _write(path, ConditionImage(frame))


def read_condition(folder: Path, request: Request, place: ImagePlace) -> ConditionImage | None:
    """The image kept beside a run's video; none where it asks for none, or lacks its file or has another one."""
    id = request.settings().images.get(place)
    if id is None:
        return None
    try:
        return ConditionImage.read_kept((folder / CONDITIONS[place]).read_bytes(), id)
    except (OSError, ValueError):
        return None


def _write(path: Path, image: ConditionImage) -> None:
    with atomic_path(path) as temporary:
        temporary.write_bytes(image.png())
