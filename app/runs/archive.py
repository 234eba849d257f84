"""A run as one zip: videos, trace, summary, steps as CSV and a picture of the plots; and back from a stranger's.

Nothing of an uploaded zip is trusted: only the known names are read, into memory or files of a bounded size.
"""

import json
import stat
import zlib
from datetime import timedelta
from pathlib import Path
from shutil import rmtree
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from app.common.files import atomic_path
from app.common.timestamps import write_timestamp
from app.runs.clip import check_mp4
from app.runs.picture import plots_png
from app.runs.run import ABOUT, MAX_JSON_BYTES, SCHEMA, SUMMARY, TRACE, VIDEOS, About, Run, load_run, read_about
from app.runs.store import RunStore, about_now, new_id
from app.runs.table import steps_csv

MAX_ZIP_BYTES = 64_000_000
MAX_FILES = 16
MAX_VIDEO_BYTES = 64_000_000
CHUNK = 1 << 20
TABLE, PICTURE = "steps.csv", "plots.png"
READ = {TRACE: MAX_JSON_BYTES, SUMMARY: MAX_JSON_BYTES, ABOUT: MAX_JSON_BYTES} | dict.fromkeys(
    VIDEOS.values(), MAX_VIDEO_BYTES
)  # what is read of a zip, and at most how many bytes of it
MADE_ANEW = {TABLE, PICTURE}  # what a zip may hold besides
OPTIONAL = {ABOUT}


def export_zip(run: Run, path: Path) -> None:
    """Write a run's zip; atomic."""
    with atomic_path(path) as temporary, ZipFile(temporary, "w", ZIP_DEFLATED) as file:
        for name in (TRACE, SUMMARY):
            file.write(run.folder / name, name)
        for name in VIDEOS.values():
            file.write(run.folder / name, name, ZIP_STORED)
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
            _check_members(members)
            for member in members:
                if member.filename in READ:
                    _copy(file, member, folder / member.filename)
    except (BadZipFile, NotImplementedError, EOFError, RuntimeError, zlib.error) as error:
        raise ValueError(f"not a whole zip file ({str(error)[:100]})") from None
    except OSError as error:
        if error.errno is None or error.filename is None:  # the decompressor's, not the disk's
            raise ValueError("not a whole zip file") from None
        raise


def _check_members(members: list[ZipInfo]) -> None:
    if len(members) > MAX_FILES:
        raise ValueError(f"the zip holds {len(members)} files, a run has at most {MAX_FILES}")
    names = [member.filename for member in members]
    for member in members:
        if member.filename not in READ.keys() | MADE_ANEW:
            raise ValueError(f"the zip holds {member.filename[:60]!r}, which is no part of a run")
        if names.count(member.filename) > 1:
            raise ValueError(f"the zip holds {member.filename} twice")
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            raise ValueError(f"{member.filename} is not a plain file")
        if member.file_size > READ.get(member.filename, MAX_VIDEO_BYTES):
            raise ValueError(f"{member.filename} would unpack to {member.file_size} bytes, which is too much")
    if missing := READ.keys() - OPTIONAL - set(names):
        raise ValueError(f"the zip lacks {', '.join(sorted(missing))}")


def _copy(file: ZipFile, member: ZipInfo, path: Path) -> None:
    """Unpack one file; its directory entry may lie about its size, so that the bytes are counted too."""
    left = READ[member.filename]
    with file.open(member) as source, path.open("xb") as target:
        while chunk := source.read(CHUNK):
            left -= len(chunk)
            if left < 0:
                raise ValueError(f"{member.filename} unpacks to more than it should")
            target.write(chunk)


def _checked(run: Run, name: str) -> tuple[int, int, int]:
    try:
        return check_mp4(run.folder / name)
    except ValueError as error:
        raise ValueError(f"{name} {error}") from None
