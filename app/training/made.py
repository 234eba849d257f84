"""The record of what was made with which weights: assets/sprites/made.json, one entry for each thing that ships.

Weights are told apart by their bytes, so that a thing older than the weights shows whatever its date says.
"""

import json
from collections.abc import Iterable
from datetime import date
from hashlib import sha256
from pathlib import Path

from app.common.files import write_json
from app.common.paths import SPRITES

RECORD = "made.json"
WEIGHTS = ("transformer.safetensors", "vae.safetensors", "vocabulary.json")


def digests(folder: Path = SPRITES) -> dict[str, str]:
    """The first 16 hexadecimal digits of each weight file's SHA-256, by file name."""
    return {name: sha256((folder / name).read_bytes()).hexdigest()[:16] for name in WEIGHTS}


def weights_id(folder: Path = SPRITES) -> str:
    """All weights in one text, for what carries in its own file what it was made with."""
    return " ".join(digests(folder).values())


def drop_others(folder: Path, suffix: str, names: Iterable[str]) -> None:
    """Remove the files of a suffix that bear none of the names: what an earlier command with other names left."""
    kept = set(names)
    for path in folder.glob(f"*{suffix}"):
        if path.stem not in kept:
            path.unlink()


def mark(name: str, folder: Path = SPRITES) -> None:
    """Note that a thing was made just now with the weights of the folder."""
    path = folder / RECORD
    record = json.loads(path.read_text()) if path.is_file() else {}
    record[name] = {"date": date.today().isoformat(), "weights": digests(folder)}
    write_json(path, record)


def stale(names: Iterable[str], folder: Path = SPRITES) -> dict[str, str]:
    """Those that were not made with today's weights, each with the reason in words."""
    path = folder / RECORD
    record = json.loads(path.read_text()) if path.is_file() else {}
    today = digests(folder)
    found = {}
    for name in names:
        before = record.get(name, {}).get("weights", {})
        other = [part for part, digest in today.items() if before.get(part) != digest]
        if other:
            found[name] = f"made with another {', '.join(other)}" if before else "never made"
    return found
