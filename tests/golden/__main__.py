"""Replay recorded upstream runs through our own code: python -m tests.golden DIR

Prints a line a run and exits 1 on any miss, on a folder without recordings, and on one that cannot be read.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import torch

from tests.golden import adacache, methods, osp110, stdit3, vae12
from tests.golden.result import Replay, Result

REPLAYS: tuple[Replay, ...] = (
    *stdit3.REPLAYS,
    *adacache.REPLAYS,
    *methods.REPLAYS,
    *vae12.REPLAYS,
    *osp110.REPLAYS,
)
# Inputs of other recordings, and tables that tests of their own compare with.
WITHOUT_REPLAY = ("*_weights.json", "flops.json", "baseline_schedules.json")


def replay_folder(folder: Path) -> Iterator[Result]:
    """Replay every recording in a folder; one that cannot be read is a miss."""
    for replay in REPLAYS:
        for path in sorted(folder.glob(replay.pattern)):
            try:
                yield from replay.run(path)
            except Exception as error:  # any broken recording is a miss of its own and must not hide the next
                yield Result(
                    path.stem, float("nan"), problem=f"{type(error).__name__}: {str(error).splitlines()[0]}"
                )


def not_replayed(folder: Path) -> list[str]:
    """Recordings of a kind that nothing here replays yet."""
    covered = {path for replay in REPLAYS for path in folder.glob(replay.pattern)}
    inputs = {path for pattern in WITHOUT_REPLAY for path in folder.glob(pattern)}
    return [path.name for path in sorted(set(folder.glob("*.json")) - covered - inputs)]


def main(arguments: list[str]) -> int:
    """Replay the folder named on the command line."""
    if len(arguments) != 1:
        print("usage: python -m tests.golden DIR", file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    if not folder.is_dir():
        print(f"not a folder: {folder}", file=sys.stderr)
        return 1
    results = []
    for result in replay_folder(folder):
        print(result, flush=True)
        results.append(result)
    if others := not_replayed(folder):
        print(f"not replayed, no replay of this kind yet: {', '.join(others)}")
    if not results:
        print(f"no recordings found in {folder}", file=sys.stderr)
        return 1
    missed = sum(not result.passed for result in results)
    print(f"{len(results) - missed} of {len(results)} runs replayed")
    return 1 if missed else 0


if __name__ == "__main__":
    torch.set_num_threads(1)  # the recorded models are tiny
    sys.exit(main(sys.argv[1:]))
