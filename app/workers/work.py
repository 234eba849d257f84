"""Work: independent jobs of one kind, done by one worker or by many with the same results.

A worker prepares once (it loads the model) and then does one job after the other. What a job writes it writes into
a folder it is given, which may be another machine's; the results' files are brought back.
"""

import pickle
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol, TypeVar

from app.common.files import atomic_path

Job = TypeVar("Job")
Result = TypeVar("Result")
Taken = TypeVar("Taken", contravariant=True)  # the same two as the protocol has to have them
Given = TypeVar("Given", covariant=True)
Files = dict[str, bytes]  # contents by place within the folder
RETRIES = 3  # of a job whose worker died; a job that kills every worker must end


class Work(Protocol[Taken, Given]):
    """Jobs of one kind; work, jobs and results can be pickled."""

    def prepare(self) -> Any:
        """What every job of a worker needs, such as a model."""

    def do(self, prepared: Any, job: Taken, folder: Path) -> Given:
        """One job; a ValueError says why it cannot be done, and ends all."""


def do_elsewhere(pickled: bytes, job: Any) -> tuple[Any, Files]:
    """One job in a process of its own: its result, and the files it wrote."""
    work, prepared = _prepared(pickled)
    with TemporaryDirectory(prefix="adacache-job-") as temporary:
        folder = Path(temporary)
        result = work.do(prepared, job, folder)
        written = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        return result, {path.relative_to(folder).as_posix(): path.read_bytes() for path in written}


def keep_files(files: Files, folder: Path) -> None:
    """Write what a job brought back, each file whole or not at all."""
    for place, content in files.items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as temporary:
            temporary.write_bytes(content)


@lru_cache(maxsize=1)
def _prepared(pickled: bytes) -> tuple[Work[Any, Any], Any]:
    """The work of this process; a worker that goes on to another kind lets go of the first."""
    work = pickle.loads(pickled)  # what this program itself pickled
    return work, work.prepare()
