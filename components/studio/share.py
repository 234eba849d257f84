"""A link that restores the settings: the request as JSON in the address, checked before anything believes it."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64

from app.common.validation import parse_json
from app.generation.request import Request

PARAMETER = "settings"
MAX_CHARACTERS = 16_000  # of two prompts at their longest, in any script, and a method
MAX_SENTENCE = 200


def to_query(request: Request) -> str:
    """What stands behind ?settings= in the address."""
    text = json.dumps(request.to_json(), separators=(",", ":"), ensure_ascii=False)
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def from_query(text: str) -> Request:
    """Read what `to_query` wrote, or what a stranger put there: then a ValueError says that it does not fit."""
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"the link holds {len(text)} characters of settings; at most {MAX_CHARACTERS} are read")
    try:
        data = urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
    except (NotBase64, UnicodeError):
        raise ValueError("the settings of this link cannot be read; it may have been cut off") from None
    try:
        return Request.from_json(parse_json(data, "what they hold", MAX_CHARACTERS))
    except ValueError as error:
        raise ValueError(f"the settings of this link do not fit: {str(error)[:MAX_SENTENCE]}") from None
