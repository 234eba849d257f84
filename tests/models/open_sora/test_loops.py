"""Extension in loops on the tiny checkpoint: joined clips, the overlap kept, and what is refused."""

import re
from argparse import Namespace
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

import imageio.v3 as iio
import numpy as np
import pytest
import torch
from torch import Tensor

from app.__main__ import main
from app.caching.codebook import Codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.names import with_option
from app.commands.loops import loops_of
from app.generation.clip import Clip, read_clip
from app.generation.events import Compared, Failed
from app.generation.kept_baseline import LATENTS, read_latents
from app.generation.pair import generate_pair
from app.generation.request import Request
from app.generation.trace import SIDES
from app.models.open_sora.model import OpenSora, load
from app.models.size import Size
from tests.support.open_sora import SIZE

LONG = Size(SIZE.height, SIZE.width, 34)  # 10 latent frames
HOLD = AdaCacheConfig(Codebook((1.0,), (3,)))
FIRST = Request("open-sora-1.2", "A red fox", HOLD, seed=3, steps=5, guidance=7.0)
SECOND = replace(FIRST, seed=4, extends="first", overlap=5)
THIRD = replace(SECOND, seed=5, extends="second", method=with_option(HOLD, "forecast"))


@dataclass(frozen=True)
class Made:
    """A run, its folder, and what can go on from it."""

    compared: Compared
    folder: Path

    @property
    def clip(self) -> Clip:
        return read_clip(self.folder, self.compared.trace.request, self.folder / "accelerated.mp4")

    def video(self, side: str) -> np.ndarray:
        return iio.imread(self.folder / f"{side}.mp4")


@pytest.fixture(scope="module")
def long(checkpoint: Path) -> OpenSora:
    return load(checkpoint, LONG)


@pytest.fixture(scope="module")
def made(long: OpenSora, tmp_path_factory: pytest.TempPathFactory) -> list[Made]:
    """A clip, extended twice, by two ways of reusing."""
    runs: list[Made] = []
    for request in (FIRST, SECOND, THIRD):
        folder, clip = tmp_path_factory.mktemp("loop"), runs[-1].clip if runs else None
        *_, last = generate_pair(request, folder, load=lambda _: long, clip=clip)
        assert isinstance(last, Compared), last
        runs.append(Made(last, folder))
    return runs


def test_clips_are_joined_without_the_overlap_and_as_they_were(made: list[Made]) -> None:
    for (earlier, run), frames in zip(pairwise(made), (34, 51), strict=True):
        before = earlier.video("accelerated")
        assert len(before) == frames
        for side in SIDES:
            video = run.video(side)
            assert len(video) == frames + 17
            assert np.array_equal(video[:frames], before)  # copied, not encoded again
        summary = run.compared.summary
        assert (summary["earlier_frames"], len(summary["frame_psnr"])) == (frames, 17)
        assert summary["computed_steps"] < summary["baseline_steps"]
    assert made[0].compared.summary["earlier_frames"] == 0


def test_the_overlap_is_kept_as_it_was_encoded_from_the_earlier_frames(long: OpenSora, made: list[Made]) -> None:
    """Upstream's edit ratio 0: what encoding the decoded last 17 frames gives stands still on both sides."""
    for earlier, run in pairwise(made):
        start = encoded_again(long, earlier.clip.latent[:, :, -5:])
        assert not torch.allclose(start, earlier.clip.latent[:, :, -5:], atol=1e-2)
        latents = read_latents(run.folder / LATENTS)
        assert latents is not None
        for latent in (*latents, run.clip.latent):  # the baseline's first and last, the accelerated side's last
            assert torch.equal(latent[:, :, :5], start)
        assert not torch.equal(latents[1][:, :, 5:], run.clip.latent[:, :, 5:])


def encoded_again(model: OpenSora, latent: Tensor) -> Tensor:
    vae = model.parts.use("vae")
    with torch.inference_mode():
        return model.encode(vae.decode(latent, 17))  # type: ignore[operator]


@pytest.mark.parametrize(
    ("clip", "said"),
    [
        (None, "the run that this one goes on from is not here; choose another, or none"),
        ({"model": "sprites"}, "the run to go on from is of sprites, this one of open-sora-1.2"),
        ({"size": LONG}, "the run to go on from has 34 frames of 80 x 64, this one the model's own size"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_loaded(
    tmp_path: Path, clip: dict[str, Any] | None, said: str
) -> None:
    def never(model: str) -> NoReturn:
        raise AssertionError

    earlier = None if clip is None else Clip(replace(FIRST, **clip), torch.zeros(1, 4, 10, 8, 10), tmp_path)
    (failed,) = generate_pair(SECOND, tmp_path, load=never, clip=earlier)
    assert failed == Failed(said)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"overlap": None}, "the overlap must be a whole number from 1 to 1000, got nothing"),
        (
            {"extends": "../etc"},
            "the run to go on from is named by 1 to 80 letters, digits, - and _, got '../etc'",
        ),
        ({"extends": None}, "the run to go on from is named by 1 to 80 letters, digits, - and _, got nothing"),
        ({"image": "a" * 64}, "a run that goes on from another begins with its frames, and takes no first frame"),
    ],
)
def test_a_request_states_whole_extensions_only(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        replace(SECOND, **changes)
    assert Request.from_json(SECOND.to_json()) == SECOND


@pytest.mark.parametrize(
    ("overlap", "said"),
    [
        (7, "Open-Sora 1.2 overlaps clips by a multiple of 5 latent frames, got 7"),
        (10, "an overlap of 10 latent frames is 34 frames, which leaves nothing new of 34"),
    ],
)
def test_an_overlap_that_does_not_fit_the_clip(long: OpenSora, overlap: int, said: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        long.card.requested_settings(replace(SECOND, overlap=overlap).settings())


def test_a_run_that_keeps_no_latent_cannot_be_gone_on_from(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^that run keeps no latent to go on from"):
        read_clip(tmp_path, FIRST, tmp_path / "accelerated.mp4")


COMMAND = ["generate", "--model", "open-sora-1.2", "--prompt", "A red fox", "--steps", "2", "--seed", "3"]


def test_loops_on_the_command_line(
    long: OpenSora, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("app.commands.generate.loader", lambda options: lambda model: long)
    out = tmp_path / "out"
    assert main([*COMMAND, "--loops", "2", "--out", str(out)]) == 0
    assert [len(iio.imread(at / "accelerated.mp4")) for at in (out / "loop-1", out)] == [34, 51]
    assert [
        line.split("seed ")[1].split()[0] for line in capsys.readouterr().out.splitlines() if "seed " in line
    ] == [
        "3",
        "4",
    ]
    assert main([*COMMAND, "--extend", str(out), "--overlap", "7", "--out", str(tmp_path / "more")]) == 2
    assert "a multiple of 5 latent frames, got 7" in capsys.readouterr().err
    assert main([*COMMAND, "--extend", str(tmp_path / "none"), "--out", str(tmp_path / "more")]) == 2
    assert "No such file" in capsys.readouterr().err
    assert not (tmp_path / "more").exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (["--model", "sprites"], "Sprites takes no extends and overlap; it takes: flow shift"),
        (["--length", "17"], "an overlap of 5 latent frames is 17 frames, which leaves nothing new of 17"),
        (["--loops", "0"], "--loops must be a whole number from 1 to 100, got 0"),
        (["--loops", "1", "--overlap", "5"], "--overlap is for --extend or --loops, which go on from a clip"),
    ],
)
def test_loops_that_cannot_be_are_refused_before_the_first(
    tmp_path: Path, changes: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*COMMAND, "--loops", "3", *changes, "--out", str(tmp_path / "out")]) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_first_frame_is_the_first_loops_and_a_last_frame_the_last_ones(tmp_path: Path) -> None:
    options = Namespace(loops=3, overlap=None, out=tmp_path)
    asked = [loop.request for loop in loops_of(replace(FIRST, image="a" * 64, last_image="b" * 64), options)]
    assert [request.extends for request in asked] == [None, "loop-1", "loop-2"]
    assert [request.image for request in asked] == ["a" * 64, None, None]
    assert [request.last_image for request in asked] == [None, None, "b" * 64]
    assert [request.seed for request in asked] == [3, 4, 5]
