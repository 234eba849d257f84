"""The images that a video starts from or ends with, each shown small where the model takes one; their answers.

An image is given as a file or is what a run of one frame made. The form holds its id, the pool of the runs itself.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr

from app.common.validation import shown
from app.models.base import ModelCard
from app.models.condition_image import IMAGE_ID, MAX_BYTES, ConditionImage, ImagePlace
from app.runs.store import RunStore
from components.shared.visitors import asker_of
from components.shared.web import answered, data_uri, panel, uploaded

SLOTS: dict[ImagePlace, str] = {"image": "studio/first-frame", "last_image": "studio/last-frame"}
GONE = "this image is not here; choose it again"


@dataclass(frozen=True)
class ImagesPanel:
    """Its components; `inputs` by the fields of the form they fill."""

    row: gr.Row
    inputs: dict[str, gr.Component]


def images_panel(card: ModelCard, store: RunStore) -> ImagesPanel:
    """Build it without images."""
    with gr.Row(elem_id="images", visible=bool(card.images)) as row:
        inputs: dict[str, gr.Component] = {
            place: panel(
                slot,
                place.replace("_", "-"),
                value="",
                visible=place in card.images,
                server_functions=_questions(store),
            )
            for place, slot in SLOTS.items()
        }
    return ImagesPanel(row, inputs)


def read_image(asked: object) -> ConditionImage:
    """The image of an upload, which is removed if this visitor sent it; a ValueError is the answer in words.

    The page names an upload after its visitor, an id that nobody else knows; others go by age.
    """
    path, visitor = uploaded(_field(asked, "path")), asker_of(asked)
    try:
        with path.open("rb") as file:
            return ConditionImage.read(file.read(MAX_BYTES + 1))
    finally:
        if visitor and path.stem == visitor:
            path.unlink(missing_ok=True)


def _questions(store: RunStore) -> list[Any]:
    def given(asked: Any) -> dict[str, Any]:
        return answered(lambda asked: _kept(store, read_image(asked)), asked)

    def taken(asked: Any) -> dict[str, Any]:
        """The baseline's picture of a run of one frame, which is what the model makes without any method."""
        return answered(partial(_taken, store), asked)

    def looked(asked: Any) -> dict[str, Any]:
        return answered(partial(_looked, store), asked)

    return [given, taken, looked]


def _taken(store: RunStore, asked: object) -> dict[str, Any]:
    return _kept(store, store.get(_field(asked, "run"), asker_of(asked)).picture("baseline"))


def _looked(store: RunStore, asked: object) -> dict[str, Any]:
    id = _field(asked, "id")
    if not isinstance(id, str) or not IMAGE_ID.fullmatch(id):
        raise ValueError(f"an image's id is 64 hexadecimal digits, got {shown(id)}")
    if (image := store.image(id)) is None:
        raise ValueError(GONE)
    return _told(image)


def _kept(store: RunStore, image: ConditionImage) -> dict[str, Any]:
    store.pool.add(image)
    return _told(image)


def _told(image: ConditionImage) -> dict[str, Any]:
    height, width, _ = image.pixels.shape
    return {"id": image.id, "thumbnail": data_uri(image.thumbnail(), "image/webp"), "size": f"{width} × {height}"}


def _field(asked: object, name: str) -> Any:
    if not isinstance(asked, dict) or name not in asked:
        raise ValueError("the page does not fit this server; reload it")
    return asked[name]
