"""The examples run: the two that need no weights of others as they are, the pipeline's on a tiny random one."""

from importlib import import_module
from pathlib import Path

import pytest

import app
from app.models.diffusers.family import checkpoints
from app.selftest.checkpoints.diffusers import write


def test_public_names_are_there_and_others_are_named() -> None:
    for name in app.PUBLIC:
        assert getattr(app, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'magic'; it has adacache"):
        app.magic  # noqa: B018


def test_exploring_a_codebook(capsys: pytest.CaptureFixture[str]) -> None:
    import_module("examples.explore_codebook").main()
    assert "for 2x: {" in capsys.readouterr().out


def test_a_pipeline(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    example = import_module("examples.accelerate_pipeline")
    folder = write("latte-1", tmp_path) / checkpoints()["latte-1"].repository.name
    opened = example.DiffusionPipeline.from_pretrained(folder)

    class Small:
        """The pipeline as the example opens it, at the size of its random weights."""

        @staticmethod
        def from_pretrained(_: str) -> object:
            own = type(opened).__call__
            small = {"height": 16, "width": 16, "video_length": 4, "output_type": "pt", "clean_caption": False}
            monkeypatch.setattr(type(opened), "__call__", lambda self, *a, **k: own(self, *a, **{**k, **small}))
            return opened

    monkeypatch.setattr(example, "DiffusionPipeline", Small)
    example.main("anything")
    assert "estimated speedup" in capsys.readouterr().out
