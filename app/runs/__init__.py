"""Runs on disk: one folder each, whole or not there; listed, compared, exported, imported, reused."""
