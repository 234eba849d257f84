"""The Runs room: every run on disk, to open again, compare, export, import and delete."""
