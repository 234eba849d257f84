"""Files: whole or not there, also on a full disk, and text files of another encoding."""

from errno import ENOSPC
from pathlib import Path

import av
import pytest
from safetensors import SafetensorError

from app.__main__ import main
from app.common.files import atomic_path, read_lines
from app.common.sentences import NO_SPACE, sentence
from app.generation.ending import error_message
from app.runs import archive
from app.runs.archive import export_zip, import_zip
from app.runs.run import Run
from app.runs.store import RunStore
from components.shared.web import answered
from tests.runs.conftest import made, run, store  # noqa: F401  # a run to export

FULL = "Error while serializing: I/O error: No space left on device (os error 28)"
SAID = f"{NO_SPACE[:1].upper()}{NO_SPACE[1:]}."


def raised(error: Exception) -> None:
    raise error


def write_mp4(path: Path) -> None:
    with av.open(str(path), "w", format="mp4") as file:
        file.add_stream("libx264", 8, width=64, height=64, pix_fmt="yuv420p")
        file.start_encoding()


@pytest.mark.parametrize("error", [SafetensorError(FULL), OSError(ENOSPC, "No space left on device", "/srv/runs")])
def test_a_full_disk_is_one_error_and_leaves_nothing(tmp_path: Path, error: Exception) -> None:
    with pytest.raises(OSError, match="No space left") as caught, atomic_path(tmp_path / "x.safetensors"):
        raised(error)
    assert caught.value.errno == ENOSPC
    assert list(tmp_path.iterdir()) == []
    assert error_message(caught.value) == NO_SPACE
    assert sentence(caught.value) == SAID
    assert answered(lambda _: raised(caught.value), {}) == {"error": SAID}


def test_a_video_on_a_full_device_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space left") as caught, atomic_path(tmp_path / "x.mp4"):
        write_mp4(Path("/dev/full"))
    assert caught.value.errno == ENOSPC
    assert list(tmp_path.iterdir()) == []


def test_other_errors_stay_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(KeyError), atomic_path(tmp_path / "x"):
        raised(KeyError("x"))


def test_a_good_zip_on_a_full_disk_is_not_called_broken(
    run: Run,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "run.zip"
    export_zip(run, path)

    class Full(type(tmp_path)):  # type: ignore[misc]
        """A path whose files take nothing, as those of a full disk do."""

        def open(self, *_: object, **__: object) -> object:
            return open("/dev/full", "wb", buffering=0)

    copy = archive._copy
    monkeypatch.setattr(
        archive, "_copy", lambda file, member, most, target: copy(file, member, most, Full(target))
    )
    other = RunStore(tmp_path / "other")
    with pytest.raises(OSError, match="No space left"):
        import_zip(other, path)
    assert list(other.folder.iterdir()) == []


def test_lines_are_read_and_another_encoding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "prompts.txt"
    path.write_bytes("\ufeffa dog\n\n a dog \nein Bär\n".encode())
    assert read_lines(path, 1000) == ("a dog", "ein Bär")
    path.write_bytes("a dog\nein Bär\n".encode("latin-1"))
    with pytest.raises(ValueError, match=r"prompts\.txt, line 2: not UTF-8"):
        read_lines(path, 1000)


def test_the_command_line_names_file_and_encoding(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "prompts.txt"
    path.write_bytes(b"caf\xe9 one\ntwo\n")
    out = str(tmp_path / "book.json")
    assert main(["calibrate", "--speedup", "2", "--prompts", str(path), "--out", out]) == 2
    (line,) = capfd.readouterr().err.strip().splitlines()
    assert "prompts.txt, line 1: not UTF-8" in line
