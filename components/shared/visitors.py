"""Visitors and what each may ask for: on a public Space one run at a time, few steps and short prompts."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

import gradio as gr

from app.generation.request import MAX_PROMPT, MAX_STEPS, Request

SEPARATOR = "|"
LOGIN = "ADACACHE_LOGIN"


@dataclass(frozen=True)
class Limits:
    """What one run may ask for, and whether all tabs of an address count as one visitor."""

    steps: int = MAX_STEPS
    prompt: int = MAX_PROMPT
    one_run_per_address: bool = False

    def check(self, request: Request) -> None:
        """A ValueError says what is too much."""
        if request.steps > self.steps:
            raise ValueError(f"this public page makes at most {self.steps} steps a run, got {request.steps}")
        if len(request.prompt) > self.prompt:
            raise ValueError(
                f"this public page takes prompts of at most {self.prompt} characters, got {len(request.prompt)}"
            )


PUBLIC = Limits(steps=100, prompt=1200, one_run_per_address=True)


def limits_here(environment: Mapping[str, str] = os.environ) -> Limits:
    """Those of a public page on a Hugging Face Space, else none beyond what a request is."""
    return PUBLIC if "SPACE_ID" in environment else Limits()


def visitor_key(visitor: gr.Request, limits: Limits) -> str:
    """The tab, and before it the address where addresses count.

    A Space's proxy names the address; it can be forged, and then only the queue's length limits a visitor.
    """
    session = visitor.session_hash or ""
    if not limits.one_run_per_address:
        return session
    forwarded = visitor.headers.get("x-forwarded-for", "").split(",")[0].strip()
    address = forwarded or (visitor.client.host if visitor.client else "")
    return f"{address.replace(SEPARATOR, '')}{SEPARATOR}{session}"


def owner(key: str) -> str:
    """Who counts as one visitor: the address of a key, or the tab itself."""
    return key.split(SEPARATOR)[0]


def login(environment: Mapping[str, str] = os.environ) -> tuple[str, str] | None:
    """The name and password that ADACACHE_LOGIN asks for; none where it is not set."""
    given = environment.get(LOGIN, "")
    if not given:
        return None
    user, colon, password = given.partition(":")
    if not (user and colon and password):
        raise ValueError(f"{LOGIN} must be user:password with neither of them empty")
    return user, password
