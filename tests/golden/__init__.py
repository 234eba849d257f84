"""Replay of upstream's recorded runs through our own code: `python -m tests.golden DIR`."""
