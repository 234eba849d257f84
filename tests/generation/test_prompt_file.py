"""Prompt files: what they ask for, and every fault with its place."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.caching.codebook import load_codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.generation.image_files import ImageFiles
from app.generation.prompt_file import FileRequest, check_prompts, read_prompt_file
from app.generation.request import Request
from app.models.condition_image import ConditionImage
from app.models.registry import card
from app.models.settings import Settings

SPRITES = card("sprites")
LIKE = Request("sprites", "unused", AdaCacheConfig(load_codebook("fast")), seed=7, steps=12)


NO_FILES = ImageFiles(Path("nowhere"))


def read(content: object, name: str = "prompts.json") -> list[FileRequest]:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return read_prompt_file(data, name, LIKE, SPRITES, NO_FILES)


def test_a_prompt_a_line_with_the_settings_of_the_command():
    found = read(b"\xef\xbb\xbfa dog\n\n  a cat  \na dog\n", "prompts.txt")
    assert [(one.place, one.request.prompt) for one in found] == [("line 1", "a dog"), ("line 3", "a cat")]
    assert {(one.request.seed, one.request.steps, one.request.method) for one in found} == {(7, 12, LIKE.method)}


def test_json_has_seeds_and_settings():
    found = read(["a cat", {"prompt": "a dog", "seed": [0, 1], "steps": 8, "guidance": 2, "method": "pab-slow"}])
    assert [(one.place, one.request.seed, one.request.steps) for one in found] == [
        ("entry 1", 7, 12),
        ("entry 2", 0, 8),
        ("entry 2", 1, 8),
    ]
    assert found[0].request.method == LIKE.method
    assert type(found[1].request.method).__name__ == "PABConfig"


def test_an_entry_has_settings_where_the_model_has_them():
    (shifted, own) = read([{"prompt": "a dog", "flow_shift": 3}, {"prompt": "a dog", "flow_shift": 5.0}])
    assert (shifted.request.flow_shift, own.request.flow_shift) == (3, None)
    with pytest.raises(ValueError, match="entry 1: Sprites takes no negative prompt; it takes: flow"):
        read([{"prompt": "a dog", "negative_prompt": "blurry"}])
    wan, entry = card("wan-2.1-1.3b"), {"prompt": "a dog", "negative_prompt": "", "precision": "float32"}
    like = replace(LIKE, model=wan.id, flow_shift=7.0)
    (found,) = read_prompt_file(json.dumps([entry]).encode(), "p.json", like, wan, NO_FILES)
    assert found.request.settings() == Settings("", "float32", 7.0)


def test_an_entry_names_its_images_relative_to_the_file(tmp_path: Path):
    sora, images = card("open-sora-1.2"), [ConditionImage(np.full((8, 8, 3), n, np.uint8)) for n in (0, 9)]
    for number, image in enumerate(images):
        (tmp_path / f"{number}.png").write_bytes(image.png())
    like = replace(LIKE, model=sora.id, image=images[0].id)
    files = ImageFiles(tmp_path, {images[0].id: images[0]})

    def asked(*entries: object) -> list[tuple[str | None, str | None]]:
        data = json.dumps(entries).encode()
        found = read_prompt_file(data, "p.json", like, sora, files)
        return [(one.request.image, one.request.last_image) for one in found]

    dog = {"prompt": "a dog"}
    first, second = (image.id for image in images)
    assert asked(
        {**dog, "image": "1.png", "motion_score": 5}, {**dog, "last_image": "1.png"}, {**dog, "image": None}
    ) == [
        (second, None),
        (first, second),
        (None, None),
    ]
    assert set(files.images) == {first, second}
    for name, said in (("2.png", "2.png: No such file"), (3, "an image is the name of a file, got 3")):
        with pytest.raises(ValueError, match=rf"p.json: entry 1: .*{said}"):
            asked({**dog, "image": name})


def test_every_fault_is_named_with_its_place():
    entries = [
        "a dog",
        {"prompt": " "},
        {"promt": "a cat"},
        {"prompt": "a cat", "seed": 1.5},
        {"prompt": "a cat", "method": "nope"},
        {"prompt": "a cat", "resolution": "480p"},
        7,
    ]
    with pytest.raises(ValueError, match=r"^prompts\.json: entry 2: the prompt is empty") as caught:
        read(entries)
    said = str(caught.value)
    assert "entry 3: no setting 'promt'; there are: prompt, seed" in said
    assert "entry 4: seed must be a whole number" in said
    assert "entry 5: no method 'nope'" in said
    assert "entry 6: Sprites makes" in said
    assert said.endswith("; and 1 more")
    with pytest.raises(ValueError, match=r"^prompts\.txt: line 2: the prompt has 1600 characters"):
        read(b"a dog\n" + b"a" * 1600, "prompts.txt")


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"\n \n", "p.txt", "p.txt: no prompts"),
        (b"[]", "p.json", "p.json: no prompts"),
        (b'{"prompt": "a dog"}', "p.json", "a list of prompts is needed, got a JSON object"),
        (b"a dog\n\xff\n", "p.txt", "p.txt, line 2: not UTF-8"),
        (b"[", "p.json", "not a whole JSON file"),
    ],
)
def test_a_file_that_is_none(content: bytes, name: str, said: str):
    with pytest.raises(ValueError, match=said):
        read(content, name)


def test_prompts_the_model_cannot_use_are_named_once():
    def understand(prompt: str) -> None:
        if prompt == "qwertz":
            raise ValueError("no known word")

    wanted = read(["a dog", {"prompt": "qwertz", "seed": [1, 2]}])
    with pytest.raises(ValueError, match=r"^f: entry 2: no known word$"):
        check_prompts(wanted, "f", understand)
