"""Sentences made of error messages, as people read them: one short line, no paths of this machine."""

from collections.abc import Sequence
from errno import EDQUOT, ENOSPC

from app.common.validation import one_line

NO_SPACE = "no space left on the disk; nothing was written"
FULL = (ENOSPC, EDQUOT)
INTERNAL = "this broke off on an internal error; the server's log has the details"


def sentence(error: object) -> str:
    """An error as a sentence: a capital first, one full stop last."""
    text = disk_trouble(error) if isinstance(error, OSError) else one_line(error)
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def listed(names: Sequence[str]) -> str:
    """Names as a sentence has them: a, b and c."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def disk_trouble(error: OSError) -> str:
    """What is wrong with the disk, without the name of the file."""
    if error.errno in FULL:
        return NO_SPACE
    return f"the disk cannot be used: {one_line(error.strerror or 'a file cannot be read or written')}"
