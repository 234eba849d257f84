"""Paths that tests read: the repository, and the recordings of upstream code it ships."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden" / "data"
