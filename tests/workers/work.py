"""Work for tests: importable by worker processes, which know no test module's fixtures."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Squares:
    """Squares numbers and writes them; kills its worker at one number, as often as there are marks in a folder."""

    marks: Path
    deadly: int = -1

    def prepare(self) -> int:
        """What tells the worker that did a job."""
        return os.getpid()

    def do(self, prepared: int, job: int, folder: Path) -> tuple[int, int]:
        """The square, and the process."""
        assert prepared == os.getpid()
        if job < -1:
            raise ValueError(f"no square of {job}")
        if job == self.deadly and (left := sorted(self.marks.iterdir())):
            (folder / "half.txt").write_text("half")
            left[0].unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        (folder / "squares").mkdir(exist_ok=True)
        (folder / "squares" / f"{job}.txt").write_text(str(job**2))
        return job**2, prepared
