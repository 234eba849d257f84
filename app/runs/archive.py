"""A run as one zip: videos, trace, summary, recording, steps as CSV and a picture; and back from a stranger's.

Nothing of an uploaded zip is trusted: only the known names are read, into memory or files of a bounded size.
"""

import json
import lzma
import stat
import zlib
from datetime import timedelta
from pathlib import Path
from shutil import rmtree
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from app.common.files import atomic_path
from app.common.timestamps import write_timestamp
from app.common.validation import shown
from app.generation.images import CONDITIONS, PICTURES, read_condition
from app.generation.kept_baseline import RECORDING
from app.lab.ghost import RecordedRun
from app.lab.recording import MAX_BYTES as MAX_RECORDING_BYTES
from app.lab.recording import load_recording
from app.runs.clip import check_mp4
from app.runs.picture import plots_png
from app.runs.run import ABOUT, MAX_JSON_BYTES, SCHEMA, SUMMARY, TRACE, VIDEOS, About, Run, load_run, read_about
from app.runs.store import RunStore, about_now, new_id
from app.runs.table import steps_csv

MAX_ZIP_BYTES = 64_000_000
MAX_FILES, MAX_MEMBERS = 16, 100
LEFT = {".DS_Store", "Thumbs.db", "desktop.ini"}
MAX_VIDEO_BYTES = MAX_IMAGE_BYTES = 64_000_000
CHUNK = 1 << 20
TABLE, PICTURE = "steps.csv", "plots.png"
IMAGES = (*CONDITIONS.values(), *PICTURES.values())
READ = {
    **dict.fromkeys((TRACE, SUMMARY, ABOUT), MAX_JSON_BYTES),
    **dict.fromkeys(VIDEOS.values(), MAX_VIDEO_BYTES),
    **dict.fromkeys(IMAGES, MAX_IMAGE_BYTES),
    RECORDING: MAX_RECORDING_BYTES,
}  # what is read of a zip, and at most how many bytes of it
MADE_ANEW = {TABLE, PICTURE}  # what a zip may hold besides
OPTIONAL = {ABOUT, RECORDING, *IMAGES}


def export_zip(run: Run, path: Path) -> None:
    """Write a run's zip; atomic."""
    with atomic_path(path) as temporary, ZipFile(temporary, "w", ZIP_DEFLATED) as file:
        besides = [name for name in (RECORDING, *IMAGES) if (run.folder / name).is_file()]
        for name in (TRACE, SUMMARY, *VIDEOS.values(), *besides):
            file.write(run.folder / name, name, ZIP_DEFLATED if name.endswith(".json") else ZIP_STORED)
        made = {"schema": SCHEMA, "made": write_timestamp(run.about.made)}
        file.writestr(ABOUT, json.dumps(made))  # without the browser that made it
        file.writestr(TABLE, steps_csv(run.trace))
        file.writestr(PICTURE, plots_png(run), ZIP_STORED)


def import_zip(store: RunStore, path: Path, visitor: str = "") -> Run:
    """Add a stranger's zip to the runs; one that is there already is not added twice.

    A ValueError says in one sentence why a zip is not a run.
    """
    if path.stat().st_size > MAX_ZIP_BYTES:
        raise ValueError(f"the zip is larger than {MAX_ZIP_BYTES // 1_000_000} MB")
    making = store.begin(new_id())
    try:
        _unpack(path, making)
        run = load_run(making, "imported")
        shapes = {side: _checked(run, name) for side, name in VIDEOS.items()}
        if len({shape[1:] for shape in shapes.values()}) != 1:
            raise ValueError("the two videos have different sizes")
        _check_images(run, one_frame=shapes["baseline"][0] == 1)
        _check_recording(run)
        about = read_about(making)
        if about.made > about_now().made + timedelta(days=1):
            raise ValueError(f"the run says it was made on {about.made:%d %b %Y}, which is to come")
        known = next((r for r in store.runs(visitor) if r.about.made == about.made and r.trace == run.trace), None)
        return known or store.keep(making, About(about.made, visitor, imported=True))
    finally:
        rmtree(making, ignore_errors=True)


def _unpack(path: Path, folder: Path) -> None:
    try:
        with ZipFile(path) as file:
            members = file.infolist()
            for name, member in _named(members).items():
                if name in READ:
                    _copy(file, member, READ[name], folder / name)
    except (BadZipFile, NotImplementedError, EOFError, RuntimeError, zlib.error, lzma.LZMAError):
        raise ValueError("not a whole zip file") from None


def _named(members: list[ZipInfo]) -> dict[str, ZipInfo]:
    """The files of a run by name; a ValueError says what else a zip holds.

    One that an operating system has packed again has them in a folder, and beside them what such systems leave.
    """
    if len(members) > MAX_MEMBERS:
        raise ValueError(f"the zip holds {len(members)} files, a run has at most {MAX_FILES}")
    members = [member for member in members if not _left_by_a_system(member)]
    if len(members) > MAX_FILES:
        raise ValueError(f"the zip holds {len(members)} files, a run has at most {MAX_FILES}")
    folders = {member.filename.rpartition("/")[0] for member in members}
    folder = folders.pop() if len(folders) == 1 else ""
    prefix = f"{folder}/" if folder.strip(".") and "/" not in folder else ""
    named: dict[str, ZipInfo] = {}
    for member in members:
        name = member.filename.removeprefix(prefix)
        if name not in READ.keys() | MADE_ANEW:
            raise ValueError(f"the zip holds {shown(member.filename)}, which is no part of a run")
        if name in named:
            raise ValueError(f"the zip holds {name} twice")
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            raise ValueError(f"{name} is not a plain file")
        if member.file_size > READ.get(name, MAX_VIDEO_BYTES):
            raise ValueError(f"{name} would unpack to {member.file_size} bytes, which is too much")
        named[name] = member
    if missing := READ.keys() - OPTIONAL - named.keys():
        raise ValueError(f"the zip lacks {', '.join(sorted(missing))}")
    return named


def _left_by_a_system(member: ZipInfo) -> bool:
    """Folders, and what macOS and Windows put beside files."""
    *folders, name = member.filename.split("/")
    return not name or "__MACOSX" in folders or name in LEFT or name.startswith("._")


def _copy(file: ZipFile, member: ZipInfo, most: int, path: Path) -> None:
    """Unpack one file; its directory entry may lie about its size, so that the bytes are counted too."""
    left = most
    with file.open(member) as source, path.open("xb") as target:
        while chunk := _read(source):
            left -= len(chunk)
            if left < 0:
                raise ValueError(f"{path.name} unpacks to more than it should")
            target.write(chunk)


def _read(source: IO[bytes]) -> bytes:
    """The next bytes; an error of the decompressor's is no trouble of the disk's."""
    try:
        return source.read(CHUNK)
    except OSError:
        raise BadZipFile from None


def _check_images(run: Run, one_frame: bool) -> None:
    """A ValueError unless every image is one that the run has; one that it lacks is said where it is needed."""
    for place, name in CONDITIONS.items():
        if (run.folder / name).exists() and read_condition(run.folder, run.request, place) is None:
            raise ValueError(f"{name} is not the image that this run started from or ended with")
    for side, name in PICTURES.items():
        if (run.folder / name).exists():
            if not one_frame:
                raise ValueError(f"{name} is for a run of one frame, and this is a video")
            run.picture(side)


def _check_recording(run: Run) -> None:
    """A ValueError unless the recording, where there is one, is of this run's baseline."""
    if (run.folder / RECORDING).exists():
        try:
            RecordedRun(run.trace, run.summary, load_recording(run.folder / RECORDING))
        except ValueError as error:
            raise ValueError(f"{RECORDING} is not of this run's baseline: {error}") from None


def _checked(run: Run, name: str) -> tuple[int, int, int]:
    try:
        return check_mp4(run.folder / name)
    except ValueError as error:
        raise ValueError(f"{name} {error}") from None
