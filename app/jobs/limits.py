"""Limits of what one visitor may ask for: on a public Space one run at a time, few steps and short prompts."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from app.generation.request import MAX_PROMPT, MAX_STEPS, Request

SEPARATOR = "|"  # in a visitor's key, between the address and the tab


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


def owner(key: str) -> str:
    """Who counts as one visitor: the address or id of a key, or the tab itself."""
    return key.split(SEPARATOR)[0]


def tab_of(key: str) -> str:
    """The tab of a key, of which a press on Stop tells no more."""
    return key.split(SEPARATOR)[-1]
