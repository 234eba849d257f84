"""Assets: everything the code names is there and can be opened, and what was measured on recordings fits them."""

import ast
import json
import re
from dataclasses import replace
from pathlib import Path

import av
import pytest

from app.caching.codebook import presets
from app.caching.registry import published
from app.common import paths
from app.lab.gallery import load_gallery, scaled
from app.lab.measured import MEASURED, shipped
from app.lab.recorded_figures import FIGURES
from app.lab.recording import Recording, load_recording
from app.lab.simulate import simulate
from app.models.registry import CARDS
from app.runs.run import load_run
from app.training.first_run import FIRST_PROMPT
from app.training.gallery import clip_origin, gallery_method
from app.training.made import weights_id
from app.training.recordings import PROMPTS

NAMED = {name: path for name, path in vars(paths).items() if isinstance(path, Path)}
MAX_GALLERY_BYTES = 1_500_000  # of the first visit
SOURCES = [path for folder in ("app", "components") for path in sorted((paths.ROOT / folder).rglob("*.py"))]


@pytest.mark.parametrize("name", NAMED)
def test_a_named_path_holds_something(name: str):
    path = NAMED[name]
    assert any(path.iterdir()) if path.is_dir() else path.stat().st_size > 0


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(paths.ROOT)))
def test_files_named_below_a_path_are_there(source: Path):
    """`SPRITES / "vae.safetensors"` anywhere in the code; a name made at run time stands for at least one file."""
    for node in ast.walk(ast.parse(source.read_text())):
        if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and isinstance(node.left, ast.Name)):
            continue
        folder, name = NAMED.get(node.left.id), node.right
        if folder is None or not isinstance(name, ast.Constant | ast.JoinedStr):
            continue
        parts = name.values if isinstance(name, ast.JoinedStr) else [name]
        pattern = "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in parts)
        assert list(folder.glob(pattern)), f"{node.left.id} / {pattern} is not there"


def test_scripts_import_files_that_are_there():
    for script in paths.WEB.rglob("*.js"):
        for name in re.findall(r"""(?:from|import)\s*\(?\s*["'](\.[^"']+)["']""", script.read_text()):
            assert (script.parent / name).is_file(), f"{script.name} imports {name}"


def test_panels_have_a_script():
    for source in SOURCES:
        for name in re.findall(r"""\bpanel\(\s*"([\w/-]+)\"""", source.read_text()):
            assert (paths.WEB / f"{name}.js").is_file(), f"{source.name} shows {name}"


def test_every_codebook_and_published_setting_is_read():
    assert presets()
    assert {card.codebook for card in CARDS.values()} <= set(presets())
    for path in paths.METHODS.glob("*.json"):
        assert path.stem in CARDS
        assert published(path.stem)


@pytest.fixture(scope="module")
def recordings() -> list[Recording]:
    return [load_recording(path) for path in sorted(paths.RECORDINGS.glob("*.json"))]


def test_the_shipped_recordings_are_those_the_command_makes(recordings: list[Recording]):
    assert [path.stem for path in sorted(paths.RECORDINGS.glob("*.json"))] == list(PROMPTS)
    assert [(r.prompt, r.seed) for r in recordings] == [(p, seed) for seed, p in enumerate(PROMPTS.values())]


def test_the_lab_opens_on_two_recordings_that_motion_regularisation_tells_apart(recordings: list[Recording]):
    card = next(iter(CARDS.values()))
    assert card.motion_fits  # it opens with it on, before and after
    method = gallery_method(card)
    still, fast = (len(simulate(recording, method).computed) for recording in recordings[:2])
    plain = [len(simulate(recording, replace(method, motion=None)).computed) for recording in recordings[:2]]
    assert fast - still > max(plain) - min(plain) + 2


@pytest.mark.parametrize("kind", [*FIGURES, *MEASURED])
def test_all_figures_of_the_lab_have_a_curve_for_every_shipped_recording(kind: str, recordings: list[Recording]):
    figure = FIGURES[kind](recordings) if kind in FIGURES else shipped(kind, recordings)
    assert [(curve.prompt, curve.seed) for curve in figure.curves] == [(r.prompt, r.seed) for r in recordings]
    for curve in figure.curves:
        for values in curve.values.values():
            assert len(values) == len(curve.x)
            assert (
                sum(value is not None for value in values) >= len(values) - 2
            )  # a forecast needs two steps before
    assert json.loads(json.dumps(figure.to_json(), allow_nan=False))["curves"]


def test_every_clip_of_the_gallery_was_made_with_these_weights_and_fits_its_recording(recordings: list[Recording]):
    """Where it fails: python -m app.training.gallery"""
    gallery, weights = load_gallery(paths.GALLERY), weights_id()
    assert gallery
    assert gallery.method == gallery_method(CARDS[gallery.model])
    assert sorted(clip.name for clip in gallery.clips) == list(PROMPTS)
    by_name = dict(zip(PROMPTS, recordings, strict=True))
    for clip in gallery.clips:
        recording = by_name[clip.name]
        with av.open(str(paths.GALLERY / f"{clip.name}.mp4")) as file:
            assert file.metadata["comment"] == clip_origin(recording, weights), clip.name
        for position in (0, len(gallery.scales) // 2, -1):
            method = scaled(gallery.method, gallery.scales[position])
            assert clip.computed[position] == simulate(recording, method).computed, clip.name
    assert sum(path.stat().st_size for path in paths.GALLERY.iterdir()) < MAX_GALLERY_BYTES


def test_a_clip_of_other_weights_or_of_another_request_is_told_apart(recordings: list[Recording]):
    first, second = recordings[:2]
    told = {clip_origin(first, "some"), clip_origin(first, "others"), clip_origin(second, "some")}
    assert len(told) == 3


def test_the_first_run_is_that_of_the_command():
    run = load_run(paths.FIRST_RUN, "")
    assert run.request.prompt == FIRST_PROMPT
    assert run.request.model in CARDS
