"""Moments: written as ISO 8601 with their time zone, and shown in this machine's."""

from datetime import UTC, datetime

from app.common.validation import shown


def read_timestamp(text: object) -> datetime:
    """A moment from its text; a ValueError says how it is written."""
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not 1970 < moment.year < 9999:
        raise ValueError(f"a moment is written as 2026-01-31T12:00:00+00:00, got {shown(text)}")
    return moment.astimezone(UTC)


def write_timestamp(moment: datetime) -> str:
    """A moment as text, to the second."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def display_time(moment: datetime) -> str:
    """A moment as people read it."""
    return f"{moment.astimezone():%-d %b %Y, %H:%M}"
